import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RETRY_SCHEDULE } from "../retry-schedule.ts";
import { type AttemptOutcome, afterAttempt, DELIVERY_MAX_AGE_SECONDS } from "./after-attempt.ts";

const now = new Date("2026-11-24T12:00:00Z");
const policy = { schedule: DEFAULT_RETRY_SCHEDULE, maxAgeSeconds: DELIVERY_MAX_AGE_SECONDS };
const first = { attempt: 1, acceptedAt: now };
const in_ = (ms: number) => new Date(now.getTime() + ms);
const HOUR_MS = 3_600_000;

const failures: AttemptOutcome[] = [
  { kind: "refused", status: 500 },
  { kind: "refused", status: 404 },
  { kind: "refused", status: 302 },
  { kind: "unreachable", cause: "dns" },
  { kind: "unreachable", cause: "timeout" },
  { kind: "unreachable", cause: "protocol" },
  { kind: "unreachable", cause: "proxy" },
];

describe("afterAttempt", () => {
  it("is delivered when the receiver accepted, on any attempt and at any age", () => {
    const late = { attempt: 99, acceptedAt: in_(-30 * 24 * HOUR_MS) };
    expect(afterAttempt(late, { kind: "accepted", status: 204 }, policy, now, 0)).toEqual({ state: "delivered" });
  });

  it.each(failures)("waits by the schedule after %j", (outcome) => {
    expect(afterAttempt(first, outcome, policy, now, 0.5)).toEqual({ state: "waiting", nextAttemptAt: in_(5000) });
    const fourth = { ...first, attempt: 4 };
    expect(afterAttempt(fourth, outcome, policy, now, 0.5)).toEqual({
      state: "waiting",
      nextAttemptAt: in_(2 * HOUR_MS),
    });
  });

  it.each(failures)("is exhausted after the last attempt ended with %j", (outcome) => {
    expect(afterAttempt({ ...first, attempt: 10 }, outcome, policy, now, 0.5)).toEqual({ state: "exhausted" });
  });

  it("is exhausted at once when our guard refused the address", () => {
    expect(afterAttempt(first, { kind: "blocked", reason: "x" }, policy, now, 0.5)).toEqual({ state: "exhausted" });
  });

  it("asks for the endpoint to be disabled on 410, also on the last attempt", () => {
    const gone: AttemptOutcome = { kind: "refused", status: 410 };
    expect(afterAttempt(first, gone, policy, now, 0.5)).toMatchObject({ state: "waiting", disableEndpoint: true });
    const last = { ...first, attempt: 10 };
    expect(afterAttempt(last, gone, policy, now, 0.5)).toEqual({ state: "exhausted", disableEndpoint: true });
  });

  it.each([429, 503])("pauses the lane on %i with Retry-After, and does not come back inside the pause", (status) => {
    const outcome: AttemptOutcome = { kind: "refused", status, retryAfterMs: HOUR_MS };
    expect(afterAttempt(first, outcome, policy, now, 0.5)).toEqual({
      state: "waiting",
      nextAttemptAt: in_(HOUR_MS),
      pauseLaneUntil: in_(HOUR_MS),
    });
  });

  it("keeps the schedule's delay when the pause is shorter", () => {
    const outcome: AttemptOutcome = { kind: "refused", status: 429, retryAfterMs: 1000 };
    expect(afterAttempt({ ...first, attempt: 2 }, outcome, policy, now, 0.5)).toEqual({
      state: "waiting",
      nextAttemptAt: in_(300_000),
      pauseLaneUntil: in_(1000),
    });
  });

  it("does not pause the lane for the Retry-After of another status", () => {
    const outcome: AttemptOutcome = { kind: "refused", status: 500, retryAfterMs: HOUR_MS };
    expect(afterAttempt(first, outcome, policy, now, 0.5)).toEqual({ state: "waiting", nextAttemptAt: in_(5000) });
  });

  it("expires when the next attempt would come after the delivery's age limit", () => {
    const refused: AttemptOutcome = { kind: "refused", status: 500 };
    const almostOld = { attempt: 1, acceptedAt: in_(-DELIVERY_MAX_AGE_SECONDS * 1000 + 4999) };
    expect(afterAttempt(almostOld, refused, policy, now, 0.5)).toEqual({ state: "expired" });
    const justInTime = { attempt: 1, acceptedAt: in_(-DELIVERY_MAX_AGE_SECONDS * 1000 + 5000) };
    expect(afterAttempt(justInTime, refused, policy, now, 0.5).state).toBe("waiting");
  });

  it("ends after finitely many attempts, each later than the one before, never past the age limit", () => {
    const delays = fc.array(fc.integer({ min: 1, max: 86_400 }), { maxLength: 20 });
    const outcomes = fc.infiniteStream(
      fc.constantFrom(...failures, { kind: "refused" as const, status: 503, retryAfterMs: HOUR_MS }),
    );
    const dice = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    fc.assert(
      fc.property(delays, outcomes, dice, (schedule, outcome, roll) => {
        let at = now;
        for (let attempt = 1; attempt <= schedule.length + 1; attempt++) {
          const own = { schedule, maxAgeSeconds: DELIVERY_MAX_AGE_SECONDS };
          const next = afterAttempt({ attempt, acceptedAt: now }, outcome.next().value, own, at, roll.next().value);
          if (next.state !== "waiting") return next.state === "exhausted" ? attempt === schedule.length + 1 : true;
          expect(next.nextAttemptAt.getTime()).toBeGreaterThan(at.getTime());
          expect(next.nextAttemptAt.getTime()).toBeLessThanOrEqual(now.getTime() + DELIVERY_MAX_AGE_SECONDS * 1000);
          at = next.nextAttemptAt;
        }
        return false;
      }),
    );
  });
});
