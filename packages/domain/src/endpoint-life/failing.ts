/** When an endpoint that takes nothing is told no more. */
export type FailingPolicy = {
  /** Only failures for this long disable it, milliseconds; from the first failure after the last success. */
  readonly disableAfterMs: number;
  /** And at least so many: one event that is refused says little of an endpoint that hardly gets any. */
  readonly failuresMin: number;
  /**
   * After this long without an attempt what failed before no longer counts, milliseconds: else a failure of last month and
   * one minute's outage would be a month of failures. Above the longest delay between two attempts, 24 h and a fifth.
   */
  readonly forgetAfterMs: number;
};

const HOUR_MS = 3_600_000;

export const DEFAULT_FAILING_POLICY: FailingPolicy = {
  disableAfterMs: 5 * 24 * HOUR_MS,
  failuresMin: 5,
  forgetAfterMs: 36 * HOUR_MS,
};

/** Failures since the last success, without a gap of {@link FailingPolicy.forgetAfterMs}. */
export type Failing = { readonly failures: number; readonly failingForMs: number };

/** Whether an endpoint has been failing for long enough to be disabled. */
export const isFailingForGood = ({ failures, failingForMs }: Failing, policy: FailingPolicy): boolean =>
  failures >= policy.failuresMin && failingForMs >= policy.disableAfterMs;
