import { describe, expect, it } from "vitest";
import { PipeWidth } from "./pipe-width.ts";

describe("the width of the pipe", () => {
  it("grows by one while all stand, up to its maximum", () => {
    const width = new PipeWidth(10);
    const seen = [1, 2, 3, 4].map(() => {
      const allowed = width.allowed(0);
      width.stood(0);
      return allowed;
    });
    expect(seen).toEqual([8, 9, 10, 10]);
  });

  it("is halved by one that left nothing, never below one, and grows again", () => {
    const width = new PipeWidth(32);
    const seen = [1, 2, 3, 4].map(() => {
      width.undone();
      return width.allowed(0);
    });
    expect(seen).toEqual([4, 2, 1, 1]);
    width.stood(0);
    expect(width.allowed(0)).toBe(2);
  });

  it("is one for a minute when one asked for more so often that it was halved down to one", () => {
    const width = new PipeWidth(32);
    width.late(0);
    width.late(0);
    expect(width.allowed(0)).toBe(2);
    width.late(1_000);
    width.stood(2_000);
    expect([width.allowed(1_000), width.allowed(60_999)]).toEqual([1, 1]);
    width.stood(61_000);
    expect(width.allowed(61_000)).toBe(2);
  });
});
