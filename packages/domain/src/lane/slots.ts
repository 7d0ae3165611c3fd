import { afterOutcome, type Breaker, type BreakerPolicy, closedBreaker, probing, type SeenAttempt } from "./breaker.ts";
import { emptyBucket, fullBucket, msUntilToken, refilled, type TokenBucket, withoutToken } from "./token-bucket.ts";

/** All that decides whether an endpoint's next attempt may start. Times are milliseconds since 1970. */
export type Lane = {
  readonly inFlight: number;
  readonly concurrency: number;
  readonly breaker: Breaker;
  /** The receiver's `Retry-After`, or an operator's pause. */
  readonly pausedUntilMs?: number;
  readonly rate?: { readonly perSecond: number; readonly bucket: TokenBucket };
};

export type StartDecision =
  /** `probe`: the breaker lets this one through to see whether the receiver is back. */
  | { readonly start: true; readonly probe: boolean }
  /** `untilMs` is missing where only the end of an attempt can change it. */
  | {
      readonly start: false;
      readonly why: "paused" | "breaker" | "concurrency" | "rate";
      readonly untilMs?: number;
    };

/** A lane that nothing was sent on yet. `perSecond`: the endpoint's rate limit, where it has one. */
export function newLane(concurrency: number, perSecond: number | undefined, nowMs: number): Lane {
  const lane = { inFlight: 0, concurrency, breaker: closedBreaker(Math.max(1, concurrency)) };
  return perSecond === undefined ? lane : { ...lane, rate: { perSecond, bucket: fullBucket(perSecond, nowMs) } };
}

/**
 * The lane under another share of its endpoint's limits. What is out goes on under the old one. Tokens that are left
 * stay, as far as the new rate may burst; a share that begins now begins without any, since others may just have used theirs.
 */
export function withShare(lane: Lane, concurrency: number, perSecond: number | undefined, nowMs: number): Lane {
  const { rate, ...rest } = lane;
  const breaker = widened(lane, concurrency);
  if (perSecond === undefined) return { ...rest, concurrency, breaker };
  const left = rate && lane.concurrency > 0 ? refilled(rate.bucket, rate.perSecond, nowMs) : emptyBucket(nowMs);
  return { ...rest, concurrency, breaker, rate: { perSecond, bucket: refilled(left, perSecond, nowMs) } };
}

/** A breaker that holds nothing back takes the whole of the new share; any other grows to it by successes. */
function widened({ breaker, concurrency: before }: Lane, concurrency: number): Breaker {
  if (breaker.state !== "closed" || breaker.failuresInRow > 0 || breaker.allowed < before) return breaker;
  return closedBreaker(Math.max(1, concurrency));
}

/** Whether one more attempt may start now, and if not, why and until when. */
export function mayStart(lane: Lane, nowMs: number): StartDecision {
  if (lane.pausedUntilMs !== undefined && nowMs < lane.pausedUntilMs) {
    return { start: false, why: "paused", untilMs: lane.pausedUntilMs };
  }
  const probe = lane.breaker.state !== "closed";
  const closedUntilMs = breakerHoldsUntil(lane.breaker);
  if (nowMs < closedUntilMs) return { start: false, why: "breaker", untilMs: closedUntilMs };
  // A probe goes alone, whatever is still out from before the breaker opened.
  if (lane.concurrency === 0 || (!probe && lane.inFlight >= slotsOf(lane))) return { start: false, why: "concurrency" };
  const waitMs = lane.rate ? msUntilToken(lane.rate.bucket, lane.rate.perSecond, nowMs) : 0;
  return waitMs > 0 ? { start: false, why: "rate", untilMs: nowMs + waitMs } : { start: true, probe };
}

/** The lane with one more attempt out. Only after {@link mayStart} said so. */
export function attemptStarted(lane: Lane, policy: BreakerPolicy, nowMs: number): Lane {
  const breaker = probing(lane.breaker, policy, nowMs);
  const started = { ...lane, inFlight: lane.inFlight + 1, breaker };
  if (!lane.rate) return started;
  const { perSecond, bucket } = lane.rate;
  return { ...started, rate: { perSecond, bucket: withoutToken(bucket, perSecond, nowMs) } };
}

/** The lane after an attempt has ended. @param dice in [0, 1), spreads the breaker's probes */
export function attemptEnded(lane: Lane, seen: SeenAttempt, policy: BreakerPolicy, nowMs: number, dice: number): Lane {
  // A share may shrink to nothing while attempts are out; what the breaker allows must be able to grow again.
  const breaker = afterOutcome(lane.breaker, seen, Math.max(1, lane.concurrency), policy, nowMs, dice);
  return { ...lane, inFlight: Math.max(0, lane.inFlight - 1), breaker };
}

function slotsOf({ breaker, concurrency }: Lane): number {
  return breaker.state === "closed" ? Math.min(breaker.allowed, concurrency) : 1;
}

function breakerHoldsUntil(breaker: Breaker): number {
  switch (breaker.state) {
    case "closed":
      return 0;
    case "open":
      return breaker.probeAtMs;
    case "half-open":
      return breaker.probeLostAtMs;
  }
}
