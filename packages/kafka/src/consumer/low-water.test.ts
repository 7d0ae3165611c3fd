import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LowWater } from "./low-water.ts";

const opened = (...offsets: number[]): LowWater => {
  const lowWater = new LowWater();
  lowWater.open(offsets);
  return lowWater;
};

test("nothing may be committed before the first hand-over", () => {
  expect(new LowWater().value).toBeUndefined();
});

test("the mark is the offset after the last one that is done", () => {
  const lowWater = opened(10, 11, 12);
  lowWater.done(10);
  lowWater.done(11);
  expect(lowWater.value).toBe(12);
});

test("the mark never passes a hole, and jumps over it once that is done", () => {
  const lowWater = opened(0, 1, 2, 3);
  for (const offset of [3, 1, 2]) lowWater.done(offset);
  expect(lowWater.value).toBe(0);
  lowWater.done(0);
  expect(lowWater.value).toBe(4);
});

test("offsets that the log doesn't have hold nothing up", () => {
  const lowWater = opened(5, 9, 40);
  lowWater.done(5);
  lowWater.done(9);
  expect(lowWater.value).toBe(40);
  lowWater.done(40);
  expect(lowWater.value).toBe(41);
});

test("with nothing open, what was skipped is passed", () => {
  const lowWater = opened(7);
  lowWater.done(7);
  lowWater.skipTo(12);
  expect(lowWater.value).toBe(12);
});

test("what was skipped doesn't pass an open offset, nor go back", () => {
  const lowWater = opened(7);
  lowWater.skipTo(12);
  expect(lowWater.value).toBe(7);
  lowWater.skipTo(3);
  lowWater.done(7);
  expect(lowWater.value).toBe(12);
});

test("done twice, or never handed over, changes nothing", () => {
  const lowWater = opened(1, 2);
  expect([lowWater.done(2), lowWater.done(2), lowWater.done(99)]).toEqual([true, false, false]);
  expect(lowWater.value).toBe(1);
});

test("a log that begins anew is followed from its beginning", () => {
  const lowWater = opened(500, 501);
  lowWater.open([0, 1]);
  expect(lowWater.value).toBe(0);
  lowWater.done(0);
  lowWater.done(1);
  expect([lowWater.value, lowWater.openCount]).toEqual([2, 0]);
});

describe("for any offsets with holes, done in any order", () => {
  const runs = fc.uniqueArray(fc.nat(3_000), { minLength: 1, maxLength: 400 }).chain((offsets) => {
    const ascending = offsets.toSorted((a, b) => a - b);
    return fc.record({
      ascending: fc.constant(ascending),
      order: fc.shuffledSubarray(ascending),
      batchSize: fc.integer({ min: 1, max: 50 }),
    });
  });

  test("the mark is always the lowest that isn't done, only rises, and ends past the last", () => {
    fc.assert(
      fc.property(runs, ({ ascending, order, batchSize }) => {
        const lowWater = new LowWater();
        for (let i = 0; i < ascending.length; i += batchSize) lowWater.open(ascending.slice(i, i + batchSize));
        const open = new Set(ascending);
        let last = -1;
        for (const offset of order) {
          lowWater.done(offset);
          open.delete(offset);
          const expected = open.size > 0 ? Math.min(...open) : (ascending.at(-1) ?? 0) + 1;
          expect(lowWater.value).toBe(expected);
          expect(expected).toBeGreaterThanOrEqual(last);
          last = expected;
        }
      }),
    );
  });

  test("what is handed over and done in turns keeps nothing behind", () => {
    const lowWater = new LowWater();
    for (let offset = 0; offset < 100_000; offset += 2) {
      lowWater.open([offset, offset + 1]);
      lowWater.done(offset + 1);
      expect(lowWater.value).toBe(offset);
      lowWater.done(offset);
      expect(lowWater.value).toBe(offset + 2);
    }
    expect(lowWater.openCount).toBe(0);
  });
});
