import { expect, test } from "vitest";
import { defaultRetry, type Failure, parseRetryAfter, retryDelayMs } from "./retry.ts";

const refused = (status: number, retryAfterMs?: number): Failure => ({ kind: "refused", status, retryAfterMs });
const silence: Failure = { kind: "no-answer" };

test.each<[string, number, Failure, boolean, number | undefined]>([
  ["429 is sent again, also what can't be repeated: it was not carried out", 1, refused(429), false, 200],
  ["after Retry-After", 1, refused(503, 2_000), true, 2_200],
  ["later and later", 4, refused(503), true, 1_600],
  ["503 of what can't be repeated is not sent again: it may have been taken", 1, refused(503), false, undefined],
  ["silence neither", 1, silence, false, undefined],
  ["silence of what can be repeated is", 2, silence, true, 400],
  ["what asks to wait longer than the bound is thrown", 1, refused(429, 31_000), true, undefined],
  ["the fifth attempt is the last", 5, refused(503), true, undefined],
  ["another refusal is one", 1, refused(422), true, undefined],
])("%s", (_, attempt, failure, repeatable, delayMs) => {
  expect(retryDelayMs(attempt, failure, repeatable, defaultRetry, 1)).toBe(delayMs);
});

test("the dice spread those who were refused together over half of the delay", () => {
  expect(retryDelayMs(1, refused(429), true, defaultRetry, 0)).toBe(100);
});

test("Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-11-24T09:30:00Z");
  expect(parseRetryAfter("7", now)).toBe(7_000);
  expect(parseRetryAfter("Tue, 24 Nov 2026 09:30:05 GMT", now)).toBe(5_000);
  expect(parseRetryAfter("soon", now)).toBeUndefined();
  expect(parseRetryAfter(null, now)).toBeUndefined();
});
