import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fullBucket, msUntilToken, type TokenBucket, withoutToken } from "./token-bucket.ts";

/** Starts as soon as it may until `endMs`; gives the times. */
function startTimes(perSecond: number, endMs: number): number[] {
  let bucket: TokenBucket = fullBucket(perSecond, 0);
  const times: number[] = [];
  for (let nowMs = 0; nowMs <= endMs; ) {
    const waitMs = msUntilToken(bucket, perSecond, nowMs);
    if (waitMs > 0) {
      nowMs += waitMs;
      continue;
    }
    times.push(nowMs);
    bucket = withoutToken(bucket, perSecond, nowMs);
  }
  return times;
}

describe("a token bucket", () => {
  it("lets a second's worth go at once and then keeps the rate", () => {
    const times = startTimes(10, 1000);
    expect(times.filter((at) => at === 0)).toHaveLength(10);
    expect(times.slice(10)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it("lets one go at once at rates below one a second", () => {
    expect(startTimes(0.5, 6000)).toEqual([0, 2000, 4000, 6000]);
  });

  it("never lets more than burst plus rate times time go, and not noticeably less", () => {
    const rate = fc.double({ min: 0.1, max: 200, noNaN: true });
    fc.assert(
      fc.property(rate, fc.integer({ min: 0, max: 20_000 }), (perSecond, endMs) => {
        const most = Math.max(1, perSecond) + (endMs / 1000) * perSecond;
        const started = startTimes(perSecond, endMs).length;
        // Whole milliseconds are waited, so up to a millisecond's worth is lost at each start.
        expect(started).toBeLessThanOrEqual(most + 1e-6);
        expect(started).toBeGreaterThanOrEqual(Math.floor(most / (1 + perSecond / 1000)) - 1);
      }),
    );
  });

  it("gives nothing for a clock that goes back, and no endless wait either", () => {
    const empty = withoutToken(fullBucket(1, 10_000), 1, 10_000);
    expect(msUntilToken(empty, 1, 5000)).toBe(1000);
  });
});
