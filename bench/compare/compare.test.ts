import { expect, test } from "vitest";
import { BenchOptionsError } from "../options.ts";
import { describeCompared, isWhole } from "./describe-compared.ts";
import { readCompareOptions } from "./options.ts";
import type { Compared } from "./run-compare.ts";

const facts = { at: "now", commit: "abc", cpu: "x", cores: 2, memoryMb: 1, platform: "linux", node: "26" };
const options = { ratePerSecond: 50, seconds: 30, warmupSeconds: 10, stepMs: 20, jsonFile: undefined };
const latency = (p50Us: number) => ({ count: 1, p50Us, p90Us: p50Us, p99Us: 2 * p50Us, maxUs: 2 * p50Us });
const side = (name: string, changes: Partial<Compared> = {}): Compared => ({
  side: name,
  answer: latency(3_000),
  effect: latency(64_500),
  taken: 1_500,
  refused: {},
  undone: 0,
  ...changes,
});

test("compares three steps of 20 ms at 50 requests a second when nothing is said", () => {
  expect(readCompareOptions([])).toEqual(options);
  expect(readCompareOptions(["--rate", "5", "--help"])).toBe("help");
  expect(readCompareOptions(["--step-ms", "0", "--json", "x.json"])).toMatchObject({ stepMs: 0, jsonFile: "x.json" });
});

test.each([
  [["--rate", "fast"], "--rate is fast"],
  [["--steps", "3"], "--steps"],
])("refuses %j by name", (args, words) => {
  expect(() => readCompareOptions(args)).toThrow(BenchOptionsError);
  expect(() => readCompareOptions(args)).toThrow(words);
});

test("shows both sides in a table", () => {
  const text = describeCompared(facts, options, [
    side("synchronous"),
    side("Postback", { refused: { 503: 2, ETIMEDOUT: 1 } }),
  ]);
  expect(text).toMatch(/synchronous +3\.0 ms +6\.0 ms +64\.5 ms +129\.0 ms +1500 +0 +0\n/);
  expect(text).toMatch(/Postback .* 1500 +3 +0\n/);
});

test("is not whole when something was refused, or accepted and not done", () => {
  expect(isWhole([side("a"), side("b")])).toBe(true);
  expect(isWhole([side("a"), side("b", { refused: { 503: 1 } })])).toBe(false);
  expect(isWhole([side("a", { undone: 1 })])).toBe(false);
});
