import { expect, test } from "vitest";
import { lagOf, type Sighting, standstills } from "./stall.ts";

const seen = (lowWater: number, endOffset: number, paused = false): Sighting => ({
  topic: "t",
  partition: 0,
  lowWater,
  endOffset,
  paused,
});

test("a partition that lags and doesn't move stands still since it was first seen so", () => {
  const first = standstills([], [seen(5, 9)], 1_000);
  const second = standstills(first, [seen(5, 12)], 6_000);
  expect(second).toEqual([{ topic: "t", partition: 0, lowWater: 5, lag: 7, sinceMs: 1_000 }]);
});

test("one step forward begins the time anew", () => {
  const first = standstills([], [seen(5, 9)], 1_000);
  expect(standstills(first, [seen(6, 9)], 6_000)).toMatchObject([{ sinceMs: 6_000 }]);
});

test.each([
  ["caught up", seen(9, 9)],
  ["paused on purpose", seen(5, 9, true)],
])("a partition that is %s doesn't stand still", (_, sighting) => {
  expect(standstills(standstills([], [seen(5, 9)], 1_000), [sighting], 6_000)).toEqual([]);
});

test("a partition that went to another member is forgotten", () => {
  expect(standstills(standstills([], [seen(5, 9)], 1_000), [], 6_000)).toEqual([]);
});

test("the lag is never below 0, even when the mark is newer than the end that was read", () => {
  expect(lagOf(seen(12, 9))).toEqual({ topic: "t", partition: 0, lag: 0 });
});
