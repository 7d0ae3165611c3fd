import { expect, test } from "vitest";
import { lagBetween } from "./lag-between.ts";

const sample = (atMs: number, committed: number, end: number) => ({
  atMs,
  positions: [{ partition: 0, committed, end }],
});

test("what came since the look before is no lag", () => {
  expect(lagBetween(sample(0, 100, 110), sample(2000, 110, 130)).get(0)).toEqual({ behind: 0, takenPerSecond: 5 });
});

test("what was there at the look before and still waits is, with all behind it", () => {
  expect(lagBetween(sample(0, 100, 500), sample(2000, 200, 600)).get(0)).toEqual({ behind: 400, takenPerSecond: 50 });
});

test("a group that takes nothing is behind by all", () => {
  expect(lagBetween(sample(0, 0, 7), sample(2000, 0, 9)).get(0)).toEqual({ behind: 9, takenPerSecond: 0 });
});
