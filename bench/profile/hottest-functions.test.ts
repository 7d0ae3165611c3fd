import { expect, test } from "vitest";
import { hottestFunctions } from "./hottest-functions.ts";

const frame = (functionName: string, url = "", lineNumber = -1) => ({ functionName, url, lineNumber });
const profile = {
  nodes: [
    { id: 1, callFrame: frame("(idle)") },
    { id: 2, callFrame: frame("sign", "file:///home/x/postback/packages/domain/src/signing.ts", 9) },
    { id: 3, callFrame: frame("", "file:///home/x/node_modules/undici/lib/client.js", 0) },
    { id: 4, callFrame: frame("sign", "file:///home/x/postback/packages/domain/src/signing.ts", 9) },
    { id: 5, callFrame: frame("(garbage collector)") },
    { id: 6, callFrame: frame("post", "node:inspector", 114) },
  ],
  samples: [1, 2, 3, 4, 5, 6],
  timeDeltas: [9_000, 300, 400, 250, 100, 5_000],
};

test("adds up what a function took, from wherever it was called, and leaves idling and the profiler out", () => {
  expect(hottestFunctions(profile, 2)).toEqual([
    { place: "sign packages/domain/src/signing.ts:10", selfUs: 550 },
    { place: "(anonymous) node_modules/undici/lib/client.js:1", selfUs: 400 },
  ]);
});

test("refuses what is no profile", () => {
  expect(() => hottestFunctions({ nodes: [] }, 1)).toThrow();
});
