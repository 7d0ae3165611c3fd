import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdaptiveWidth } from "./adaptive-width.ts";

describe("an adaptive width", () => {
  it("begins with one, and grows by what it is told", () => {
    const width = new AdaptiveWidth({ max: 7, widerBy: 0.25 });
    const seen = Array.from({ length: 9 }, () => {
      const { allowed } = width;
      width.widen();
      return allowed;
    });
    expect(seen).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3]);
  });

  it("is halved, and grows again from there", () => {
    const width = new AdaptiveWidth({ max: 7, widerBy: 0.25 });
    for (let i = 0; i < 20; i += 1) width.widen();
    expect(width.allowed).toBe(6);
    width.halve();
    expect(width.allowed).toBe(3);
    width.widen();
    width.widen();
    expect(width.allowed).toBe(3);
    width.widen();
    width.widen();
    expect(width.allowed).toBe(4);
  });

  it("stays between one and its maximum, whatever happens", () => {
    const [ups, bounds] = [fc.array(fc.boolean(), { maxLength: 200 }), fc.integer({ min: 1, max: 20 })];
    fc.assert(
      fc.property(ups, bounds, bounds, (wentWell, max, first) => {
        const width = new AdaptiveWidth({ max, first, widerBy: 1 });
        for (const isWell of wentWell) {
          if (isWell) width.widen();
          else width.halve();
          expect(width.allowed).toBeGreaterThanOrEqual(1);
          expect(width.allowed).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});
