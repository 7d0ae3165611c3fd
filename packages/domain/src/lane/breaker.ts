import type { AttemptOutcome } from "../delivery/after-attempt.ts";

/**
 * Whether an endpoint is sent to, as data. `closed` carries how many attempts may run at once: after an opening it
 * starts at 1, grows by 1 for each success up to the endpoint's own concurrency and is halved by each failure
 * (additive increase, multiplicative decrease), so a receiver that comes back isn't run over by what has waited.
 */
export type Breaker =
  | { readonly state: "closed"; readonly failuresInRow: number; readonly allowed: number }
  | { readonly state: "open"; readonly openings: number; readonly probeAtMs: number }
  /** One attempt is out to probe; when it isn't heard of by `probeLostAtMs`, another may go. */
  | { readonly state: "half-open"; readonly openings: number; readonly probeLostAtMs: number };

export type BreakerPolicy = {
  /** Failures in a row that open it. Default 5. */
  readonly failuresToOpen: number;
  /** Wait before the first probe; doubled at each failed one. Default 5 s. */
  readonly firstProbeDelayMs: number;
  /** Longest wait between probes, before the spread of ±20 %. Default 5 min. */
  readonly probeDelayMaxMs: number;
  /** When a probe counts as lost: above the longest deadline of an attempt. Default 40 s. */
  readonly probeLostAfterMs: number;
};

export const DEFAULT_BREAKER_POLICY: BreakerPolicy = {
  failuresToOpen: 5,
  firstProbeDelayMs: 5_000,
  probeDelayMaxMs: 5 * 60_000,
  probeLostAfterMs: 40_000,
};

const JITTER = 0.2;
const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;

/** A breaker that has seen nothing: all of the endpoint's concurrency may be used. */
export function closedBreaker(concurrency: number): Breaker {
  return { state: "closed", failuresInRow: 0, allowed: concurrency };
}

/** A breaker of an endpoint that was given up and is tried again: one probe at once, and all else by its outcome. */
export function probeDue(nowMs: number): Breaker {
  return { state: "open", openings: 1, probeAtMs: nowMs };
}

/**
 * Whether an outcome speaks against the receiver's health. As Envoy's outlier detection and the usual breakers have it:
 * no connection, no answer in time, 5xx; and 408 and 429, by which a receiver says that it can't keep up. Another 4xx
 * or a redirect is an answer about this one message from something that is up, and opens nothing: endpoints that
 * refuse everything are disabled by their age of failure, not by the breaker.
 */
export function isFailureOfReceiver(outcome: AttemptOutcome): boolean {
  if (outcome.kind === "unreachable") return true;
  if (outcome.kind !== "refused") return false;
  return outcome.status >= 500 || outcome.status === REQUEST_TIMEOUT || outcome.status === TOO_MANY_REQUESTS;
}

/** The breaker once its probe has been started. */
export function probing(breaker: Breaker, policy: BreakerPolicy, nowMs: number): Breaker {
  if (breaker.state === "closed") return breaker;
  return { state: "half-open", openings: breaker.openings, probeLostAtMs: nowMs + policy.probeLostAfterMs };
}

/** An attempt's end as the breaker sees it. `probe`: it was let through to see whether the receiver is back. */
export type SeenAttempt = { readonly outcome: AttemptOutcome; readonly probe: boolean };

/**
 * The breaker after an attempt. Attempts that were out when it opened change nothing: the probe alone decides.
 * `blocked` says nothing of the receiver, but a blocked probe has found out nothing either and is tried again later.
 * @param concurrency of the endpoint, the most that `allowed` grows to
 * @param dice in [0, 1), spreads the wait for the next probe
 */
export function afterOutcome(
  breaker: Breaker,
  { outcome, probe }: SeenAttempt,
  concurrency: number,
  policy: BreakerPolicy,
  nowMs: number,
  dice: number,
): Breaker {
  if (breaker.state !== "closed") {
    if (!probe) return breaker;
    const failed = outcome.kind === "blocked" || isFailureOfReceiver(outcome);
    return failed ? opened(breaker.openings + 1, policy, nowMs, dice) : closedBreaker(1);
  }
  if (outcome.kind === "blocked") return breaker;
  const allowed = Math.min(breaker.allowed, concurrency);
  if (!isFailureOfReceiver(outcome)) {
    return { state: "closed", failuresInRow: 0, allowed: Math.min(allowed + 1, concurrency) };
  }
  const failuresInRow = breaker.failuresInRow + 1;
  if (failuresInRow >= policy.failuresToOpen) return opened(1, policy, nowMs, dice);
  return { state: "closed", failuresInRow, allowed: Math.max(1, Math.floor(allowed / 2)) };
}

function opened(openings: number, policy: BreakerPolicy, nowMs: number, dice: number): Breaker {
  const plainMs = Math.min(policy.firstProbeDelayMs * 2 ** (openings - 1), policy.probeDelayMaxMs);
  return { state: "open", openings, probeAtMs: nowMs + Math.round(plainMs * (1 - JITTER + 2 * JITTER * dice)) };
}
