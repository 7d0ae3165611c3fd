import { expect, it } from "vitest";
import { carriedQueues } from "./carried-queues.ts";

const catalog = { queues: ["mail", "payments"] };

it.each([
  [["commands", "*"], { commands: true, queues: ["mail", "payments"] }],
  [["commands"], { commands: true, queues: [] }],
  [["payments"], { commands: false, queues: ["payments"] }],
])("carries what %j names", (names, carried) => {
  expect(carriedQueues(names, catalog)).toEqual(carried);
});

it("refuses a queue that no step has, and says which there are", () => {
  expect(() => carriedQueues(["paiments"], catalog)).toThrow(/paiments; .*: mail, payments/);
});
