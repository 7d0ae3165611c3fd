import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkRetrySchedule, DEFAULT_RETRY_SCHEDULE, delayBeforeAttempt, parseRetryAfter } from "./retry-schedule.ts";

const HOUR_MS = 3_600_000;

describe("delayBeforeAttempt", () => {
  it("allows ten attempts over 75 h 35 min 5 s by default", () => {
    const delaysMs = DEFAULT_RETRY_SCHEDULE.map((_, index) =>
      delayBeforeAttempt(DEFAULT_RETRY_SCHEDULE, index + 1, 0.5),
    );
    expect(delaysMs.map((delayMs) => (delayMs ?? 0) / 1000)).toEqual([
      5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    ]);
    expect(delaysMs.reduce<number>((sum, delayMs) => sum + (delayMs ?? 0), 0)).toBe(75 * HOUR_MS + 35 * 60_000 + 5000);
    expect(delayBeforeAttempt(DEFAULT_RETRY_SCHEDULE, 10, 0.5)).toBeUndefined();
  });

  it("allows one attempt without entries", () => {
    expect(delayBeforeAttempt([], 1, 0)).toBeUndefined();
  });

  it("stays within 20 % of the schedule, whatever the dice", () => {
    const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const attempt = fc.integer({ min: 1, max: DEFAULT_RETRY_SCHEDULE.length });
    fc.assert(
      fc.property(attempt, dice, (n, roll) => {
        const plainMs = (DEFAULT_RETRY_SCHEDULE[n - 1] ?? 0) * 1000;
        const delayMs = delayBeforeAttempt(DEFAULT_RETRY_SCHEDULE, n, roll) ?? 0;
        return delayMs >= plainMs * 0.8 && delayMs <= plainMs * 1.2;
      }),
    );
    expect(delayBeforeAttempt([10], 1, 0)).toBe(8000);
    expect(delayBeforeAttempt([10], 1, 0.999999)).toBe(12000);
  });
});

describe("checkRetrySchedule", () => {
  it.each([[[]], [[1]], [[86_400]], [Array(20).fill(60)], [DEFAULT_RETRY_SCHEDULE]])("takes %j", (schedule) => {
    expect(checkRetrySchedule(schedule)).toBeUndefined();
  });

  it.each([
    [[0], 0],
    [[5, 86_401], 1],
    [[5, 1.5], 1],
    [[5, 5, -1], 2],
    [[Number.NaN], 0],
    [[Number.POSITIVE_INFINITY], 0],
    [Array(21).fill(60), undefined],
  ])("refuses %j and names the entry", (schedule, index) => {
    const problem = checkRetrySchedule(schedule);
    expect(problem?.message).toMatch(/^must /);
    expect(problem?.index).toBe(index);
  });
});

describe("parseRetryAfter", () => {
  const now = new Date("1994-11-06T08:49:07Z");

  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["86400", 24 * HOUR_MS],
    ["86401", 24 * HOUR_MS],
    ["99999999999999999999999", 24 * HOUR_MS],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 30_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 30_000],
    ["Sun Nov  6 08:49:37 1994", 30_000],
    ["Sun, 06 Nov 1994 08:49:07 GMT", 0],
    ["Sat, 05 Nov 1994 08:49:37 GMT", 0],
    ["Fri, 11 Nov 1994 08:49:37 GMT", 24 * HOUR_MS],
  ])("reads %j", (value, expectedMs) => {
    expect(parseRetryAfter(value, now)).toBe(expectedMs);
  });

  it.each([
    "",
    "soon",
    "-1",
    "1.5",
    "+3",
    "1e3",
    "0x10",
    "10 s",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "Sun, 99 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 99:49:37 GMT",
    "06 Nov 1994",
  ])("ignores %j", (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  });
});
