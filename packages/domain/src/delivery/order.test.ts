import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterAttempt, DELIVERY_MAX_AGE_SECONDS } from "./after-attempt.ts";
import { afterValve, type OrderValve, orderKeyOf } from "./order.ts";

const entity = { type: "order", id: "1" };

describe("the queue of a delivery", () => {
  it("is that of its endpoint, that of its entity, or none", () => {
    expect(orderKeyOf("endpoint", entity)).toBe("");
    expect(orderKeyOf("endpoint", undefined)).toBe("");
    expect(orderKeyOf("entity", entity)).toBe("order/1");
    expect(orderKeyOf("entity", undefined)).toBeUndefined();
    expect(orderKeyOf("none", entity)).toBeUndefined();
  });

  it("differs for different entities", () => {
    expect(orderKeyOf("entity", { type: "sku", id: "1" })).not.toBe(orderKeyOf("entity", entity));
    expect(orderKeyOf("entity", { type: "order", id: "" })).not.toBe(orderKeyOf("endpoint", undefined));
  });
});

const startMs = 1_790_000_000_000;
const at = (seconds: number) => new Date(startMs + seconds * 1000);
const waiting = (seconds: number) => ({ state: "waiting" as const, nextAttemptAt: at(seconds) });
const valve = (given: OrderValve, attempt: number, nowSeconds: number, nextSeconds: number) =>
  afterValve(waiting(nextSeconds), given, { attempt, firstAttemptAt: at(0) }, at(nowSeconds));
const skipped = { state: "discarded", reason: "order-skipped" };

describe("the valve", () => {
  it("holds by default, however often and long it fails", () => {
    expect(valve({}, 9, 500_000, 600_000)).toEqual(waiting(600_000));
  });

  it("skips after a number of attempts, not one before", () => {
    expect(valve({ skipAfterAttempts: 3 }, 2, 10, 20)).toEqual(waiting(20));
    expect(valve({ skipAfterAttempts: 3 }, 3, 20, 30)).toEqual(skipped);
  });

  it("skips after a time, with a last attempt at its end", () => {
    expect(valve({ skipAfterSeconds: 60 }, 1, 1, 30)).toEqual(waiting(30));
    expect(valve({ skipAfterSeconds: 60 }, 2, 31, 7_200)).toEqual(waiting(60));
    expect(valve({ skipAfterSeconds: 60 }, 3, 60, 7_200)).toEqual(skipped);
  });

  it("skips by whichever comes first", () => {
    const both = { skipAfterAttempts: 3, skipAfterSeconds: 60 };
    expect(valve(both, 3, 5, 10)).toEqual(skipped);
    expect(valve(both, 2, 60, 70)).toEqual(skipped);
  });

  it("leaves alone what has ended, and what is discarded with its endpoint", () => {
    const seen = { attempt: 3, firstAttemptAt: at(0) };
    for (const state of ["delivered", "exhausted", "expired"] as const) {
      expect(afterValve({ state }, { skipAfterAttempts: 1 }, seen, at(9))).toEqual({ state });
    }
    const gone = { ...waiting(20), disableEndpoint: true as const };
    expect(afterValve(gone, { skipAfterAttempts: 1 }, seen, at(9))).toBe(gone);
  });

  it("ends every delivery that only fails within its attempts, and within its time and one attempt's", () => {
    const given = fc.record({
      skipAfterAttempts: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
      skipAfterSeconds: fc.option(fc.integer({ min: 1, max: 400_000 }), { nil: undefined }),
    });
    const schedule = fc.array(fc.integer({ min: 1, max: 86_400 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        given,
        schedule,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (by, delays, dice) => {
          const { skipAfterAttempts = Number.POSITIVE_INFINITY, skipAfterSeconds = Number.POSITIVE_INFINITY } = by;
          const policy = { schedule: delays, maxAgeSeconds: DELIVERY_MAX_AGE_SECONDS };
          let now = at(0);
          for (let attempt = 1; ; attempt += 1) {
            expect(attempt).toBeLessThanOrEqual(skipAfterAttempts);
            expect(now.getTime() - startMs).toBeLessThanOrEqual(skipAfterSeconds * 1000);
            const failed = afterAttempt(
              { attempt, acceptedAt: at(0) },
              { kind: "refused", status: 500 },
              policy,
              now,
              dice,
            );
            const next = afterValve(failed, by, { attempt, firstAttemptAt: at(0) }, now);
            if (next.state !== "waiting") return;
            now = next.nextAttemptAt;
          }
        },
      ),
    );
  });
});
