import { delayBeforeAttempt, type RetrySchedule } from "../retry-schedule.ts";

/** How one HTTP request to a receiver ended. */
export type AttemptOutcome =
  | { readonly kind: "accepted"; readonly status: number }
  /** The receiver answered, and said no. `retryAfterMs`: its `Retry-After`, already clamped. */
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs?: number }
  /** `protocol`: something answered, but not in HTTP/1.1. `proxy`: our own egress proxy is away, or won't have us. */
  | {
      readonly kind: "unreachable";
      readonly cause: "dns" | "connect" | "tls" | "timeout" | "reset" | "protocol" | "proxy";
    }
  /** Our own guard: trying again can't help. */
  | { readonly kind: "blocked"; readonly reason: string };

/** A delivery whose attempt just ended. */
export type Sending = {
  /** Number of the attempt that ended, from 1. */
  readonly attempt: number;
  /** When its event was accepted; the delivery's age counts from here. */
  readonly acceptedAt: Date;
};

export type RetryPolicy = {
  readonly schedule: RetrySchedule;
  /** Default {@link DELIVERY_MAX_AGE_SECONDS}. */
  readonly maxAgeSeconds: number;
};

export const DELIVERY_MAX_AGE_SECONDS = 7 * 24 * 3600;

/** What the answer means beyond this delivery. */
export type LaneSignals = {
  /** 410 Gone: the receiver wants no more of anything. */
  readonly disableEndpoint?: true;
  /** 429 or 503 with `Retry-After`: nothing is sent to the endpoint before this time. */
  readonly pauseLaneUntil?: Date;
};

export type Waiting = { readonly state: "waiting"; readonly nextAttemptAt: Date } & LaneSignals;
export type Delivered = { readonly state: "delivered" };
export type Exhausted = { readonly state: "exhausted" } & LaneSignals;
export type Expired = { readonly state: "expired" } & LaneSignals;

const GONE = 410;
const TOO_MANY_REQUESTS = 429;
const SERVICE_UNAVAILABLE = 503;

/**
 * Decides how a delivery goes on after an attempt.
 *
 * A 410 leaves it `waiting` like any refusal and asks for the endpoint to be disabled; disabling discards it with all
 * the others that wait, so they share one reason, and a crash in between only repeats the 410.
 *
 * @param dice in [0, 1), spreads the delay by ±20 %
 */
export function afterAttempt(
  delivery: Sending,
  outcome: AttemptOutcome,
  policy: RetryPolicy,
  now: Date,
  dice: number,
): Waiting | Delivered | Exhausted | Expired {
  if (outcome.kind === "accepted") return { state: "delivered" };
  if (outcome.kind === "blocked") return { state: "exhausted" };
  const signals = signalsOf(outcome, now);
  const delayMs = delayBeforeAttempt(policy.schedule, delivery.attempt, dice);
  if (delayMs === undefined) return { state: "exhausted", ...signals };
  // An attempt inside the pause would not be sent anyhow.
  const nextMs = Math.max(now.getTime() + delayMs, signals.pauseLaneUntil?.getTime() ?? 0);
  // Its next attempt would come too late: better visibly ended now than waiting for nothing.
  const expiresAtMs = delivery.acceptedAt.getTime() + policy.maxAgeSeconds * 1000;
  if (nextMs > expiresAtMs) return { state: "expired", ...signals };
  return { state: "waiting", nextAttemptAt: new Date(nextMs), ...signals };
}

function signalsOf(outcome: AttemptOutcome, now: Date): LaneSignals {
  if (outcome.kind !== "refused") return {};
  if (outcome.status === GONE) return { disableEndpoint: true };
  const mayPause = outcome.status === TOO_MANY_REQUESTS || outcome.status === SERVICE_UNAVAILABLE;
  if (!mayPause || outcome.retryAfterMs === undefined) return {};
  return { pauseLaneUntil: new Date(now.getTime() + outcome.retryAfterMs) };
}
