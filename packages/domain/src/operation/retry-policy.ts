/** How a step is tried again after a transient failure. Attempts count from 1. */
export interface StepRetryPolicy {
  /** Attempts in all, the first included. */
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  /** Each delay is the one before times this, up to `delayMaxMs`. */
  readonly factor: number;
  readonly delayMaxMs: number;
  /** Share of the delay that the dice may take away or add: 0.2 is ±20 %. */
  readonly jitter: number;
}

/**
 * | after attempt | delay | since the first |
 * | ------------: | ----: | --------------: |
 * |             1 |   1 s |             1 s |
 * |             2 |   3 s |             4 s |
 * |             3 |   9 s |            13 s |
 * |             4 |  27 s |            40 s |
 * |             5 |  81 s |       2 min 1 s |
 * |             6 | 243 s |       6 min 4 s |
 * |             7 | 300 s |      11 min 4 s |
 */
export const defaultRetry: StepRetryPolicy = {
  attemptsMax: 8,
  firstDelayMs: 1_000,
  factor: 3,
  delayMaxMs: 300_000,
  jitter: 0.2,
};

/** A compensation is worth more patience, as giving up leaves work for an operator: 12 attempts over 31 min 4 s. */
export const defaultCompensateRetry: StepRetryPolicy = { ...defaultRetry, attemptsMax: 12 };

/** The longest that a service's `Retry-After` can put an attempt off. */
export const retryAfterMaxMs = 3_600_000;

/**
 * The delay after a failed attempt, in whole milliseconds.
 * @param attempt the one that failed, from 1
 * @param dice in [0, 1)
 * @param askedMs what the service asked for (`Retry-After`); the delay is never shorter, up to {@link retryAfterMaxMs}
 */
export function retryDelayMs(policy: StepRetryPolicy, attempt: number, dice: number, askedMs = 0): number {
  const plain = Math.min(policy.firstDelayMs * policy.factor ** (attempt - 1), policy.delayMaxMs);
  const jittered = Math.round(plain * (1 + policy.jitter * (2 * dice - 1)));
  return Math.max(jittered, Math.min(askedMs, retryAfterMaxMs));
}
