import { expect, test } from "vitest";
import { RateLimits } from "./rate-limits.ts";

function rig(perSecond: number) {
  const state = { nowMs: 0 };
  const limits = new RateLimits({ perSecond, clock: () => state.nowMs, keysMax: 3 });
  const allowed = (count: number, key: { keyId: string; requestsPerSecond?: number } = { keyId: "k" }) =>
    Array.from({ length: count }, () => limits.take(key)).filter(({ isAllowed }) => isAllowed).length;
  return { state, limits, allowed };
}

test("a second's worth may come at once, and then the rate", () => {
  const { state, allowed } = rig(10);
  expect(allowed(50)).toBe(10);
  state.nowMs = 500;
  expect(allowed(50)).toBe(5);
  state.nowMs = 60_000;
  expect(allowed(50)).toBe(10);
});

test("each key has a bucket of its own, and a tenant's quota goes before the usual rate", () => {
  const { allowed } = rig(2);
  expect(allowed(5, { keyId: "a" })).toBe(2);
  expect(allowed(5, { keyId: "b", requestsPerSecond: 4 })).toBe(4);
});

test("tells what is left and when there is more", () => {
  const { limits, state } = rig(2);
  const first = { isAllowed: true, perSecond: 2, remaining: 1, resetSeconds: 1, retryAfterSeconds: 0 };
  expect(limits.take({ keyId: "k" })).toEqual(first);
  limits.take({ keyId: "k" });
  const refused = { isAllowed: false, perSecond: 2, remaining: 0, resetSeconds: 1, retryAfterSeconds: 1 };
  expect(limits.take({ keyId: "k" })).toEqual(refused);
  state.nowMs = 500;
  expect(limits.take({ keyId: "k" }).isAllowed).toBe(true);
});

test("a quota that is lowered works at once", () => {
  const { allowed } = rig(100);
  expect(allowed(1, { keyId: "k" })).toBe(1);
  expect(allowed(50, { keyId: "k", requestsPerSecond: 3 })).toBe(3);
});
