import { expect, test } from "vitest";
import { retryAfterOf } from "./retry-after.ts";

test.each([
  ["nothing is known", undefined, 1],
  ["nothing waits", { behind: 0, takenPerSecond: 0 }, 1],
  ["it is taken in a moment", { behind: 10, takenPerSecond: 1000 }, 1],
  ["it takes a while", { behind: 2500, takenPerSecond: 100 }, 25],
  ["it takes very long", { behind: 1_000_000, takenPerSecond: 10 }, 60],
  ["nobody takes anything", { behind: 5, takenPerSecond: 0 }, 60],
])("%s", (_, lag, seconds) => {
  expect(retryAfterOf(lag)).toBe(seconds);
});
