import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram } from "./histogram.ts";

const worstError = 1 / 128;

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test("is exact below 256 µs", () => {
  const histogram = filled(Array.from({ length: 200 }, (_, at) => at + 1));
  expect([1, 50, 99, 100].map((percent) => histogram.percentile(percent))).toEqual([2, 100, 198, 200]);
});

test("tells any percentile to within 0.8 %, never too low and never above the largest value", () => {
  const values = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100 }), (given, percent) => {
      const sorted = given.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN;
      const told = filled(given).percentile(percent);
      expect(told).toBeGreaterThanOrEqual(exact);
      expect(told).toBeLessThanOrEqual(Math.min(exact * (1 + worstError), sorted.at(-1) ?? 0));
    }),
  );
});

test("counts what is out of its range at the ends of the range", () => {
  const histogram = filled([-5, 1e12]);
  expect(histogram.percentile(50)).toBe(0);
  expect(histogram.summary()).toMatchObject({ count: 2, maxUs: 2 ** 32 - 1 });
});

test("has zeros when it is empty", () => {
  expect(new Histogram().summary()).toEqual({ count: 0, p50Us: 0, p90Us: 0, p99Us: 0, maxUs: 0 });
});
