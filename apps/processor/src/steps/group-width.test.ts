import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GroupWidth } from "./group-width.ts";

describe("the width of groups", () => {
  it("begins with one, and grows by one with four full groups", () => {
    const width = new GroupWidth(7);
    const seen = Array.from({ length: 9 }, () => {
      const { allowed } = width;
      width.full();
      return allowed;
    });
    expect(seen).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3]);
  });

  it("is halved by a lock", () => {
    const width = new GroupWidth(7);
    for (let i = 0; i < 20; i += 1) width.full();
    expect(width.allowed).toBe(6);
    width.conflicted();
    expect(width.allowed).toBe(3);
  });

  it("stays between one and its maximum, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (met, max) => {
        const width = new GroupWidth(max);
        for (const lock of met) {
          if (lock) width.conflicted();
          else width.full();
          expect(width.allowed).toBeGreaterThanOrEqual(1);
          expect(width.allowed).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});
