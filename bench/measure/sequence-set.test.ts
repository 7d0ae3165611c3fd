import fc from "fast-check";
import { expect, test } from "vitest";
import { SequenceSet } from "./sequence-set.ts";

const sequences = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 100 });

function setOf(given: readonly number[]): SequenceSet {
  const set = SequenceSet.empty();
  for (const sequence of given) set.add(sequence);
  return set;
}

test("holds what was added, once, also after the way to another process", () => {
  fc.assert(
    fc.property(sequences, (given) => {
      const set = SequenceSet.fromText(setOf(given).toText());
      expect(set.size).toBe(new Set(given).size);
      for (const sequence of given) expect(set.has(sequence)).toBe(true);
    }),
  );
});

test("says whether a number is new", () => {
  const set = SequenceSet.empty();
  expect([7, 7, 100_000, 100_000].map((sequence) => set.add(sequence))).toEqual([true, false, true, false]);
});

test("counts what another set lacks", () => {
  fc.assert(
    fc.property(sequences, sequences, (ours, theirs) => {
      const expected = new Set(ours).difference(new Set(theirs)).size;
      expect(setOf(ours).countMissingFrom(setOf(theirs))).toBe(expected);
    }),
  );
});

test.each([-1, 1.5, 2 ** 30])("refuses %d, which no run hands out", (sequence) => {
  expect(() => SequenceSet.empty().add(sequence)).toThrow(RangeError);
});
