import { expect, test } from "vitest";
import {
  defaultCompensateRetry,
  defaultRetry,
  retryAfterMaxMs,
  retryDelayMs,
  type StepRetryPolicy,
} from "./retry-policy.ts";

const delays = (policy: StepRetryPolicy) =>
  Array.from({ length: policy.attemptsMax - 1 }, (_, index) => retryDelayMs(policy, index + 1, 0.5) / 1_000);
const sum = (seconds: readonly number[]) => seconds.reduce((total, each) => total + each, 0);

test("the default schedules are those of the table", () => {
  expect(delays(defaultRetry)).toEqual([1, 3, 9, 27, 81, 243, 300]);
  expect(sum(delays(defaultRetry))).toBe(11 * 60 + 4);
  expect(sum(delays(defaultCompensateRetry))).toBe(31 * 60 + 4);
});

test.each([
  [0, 800],
  [0.5, 1_000],
  [0.999999, 1_200],
])("the dice %d move the first delay to %d ms", (dice, delayMs) => {
  expect(retryDelayMs(defaultRetry, 1, dice)).toBe(delayMs);
});

test("what a service asks for is a lower bound, and bounded itself", () => {
  expect(retryDelayMs(defaultRetry, 1, 0.5, 5_000)).toBe(5_000);
  expect(retryDelayMs(defaultRetry, 7, 0.5, 5_000)).toBe(300_000);
  expect(retryDelayMs(defaultRetry, 1, 0.5, 10 * retryAfterMaxMs)).toBe(retryAfterMaxMs);
});
