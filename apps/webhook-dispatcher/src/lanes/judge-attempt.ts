import type { LanePause } from "@postback/database";
import {
  type AttemptOutcome,
  afterAttempt,
  afterValve,
  DELIVERY_MAX_AGE_SECONDS,
  type Delivered,
  type Exhausted,
  type Expired,
  type Skipped,
  type Waiting,
} from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { InFlight } from "./lane.ts";

export type AfterAttempt = Waiting | Delivered | Exhausted | Expired | Skipped;

/** How a delivery goes on after an attempt, by the settings of its endpoint. @param dice in [0, 1) */
export function judgeAttempt(
  endpoint: Subscription,
  { outgoing, sinceMs }: InFlight,
  outcome: AttemptOutcome,
  now: Date,
  dice: number,
): AfterAttempt {
  const attempt = outgoing.attemptsMade + 1;
  const next = afterAttempt(
    { attempt, acceptedAt: new Date(outgoing.acceptedAtMs) },
    outcome,
    { schedule: endpoint.retrySchedule, maxAgeSeconds: DELIVERY_MAX_AGE_SECONDS },
    now,
    dice,
  );
  if (outgoing.orderKey === undefined) return next;
  const firstAttemptAt = new Date(outgoing.firstAttemptAtMs ?? sinceMs);
  return afterValve(next, endpoint.valve, { attempt, firstAttemptAt }, now);
}

/** 410: the receiver wants no more of anything. */
export const isGone = (next: AfterAttempt): boolean => next.state !== "delivered" && next.disableEndpoint === true;

/** A `Retry-After`, for the lane's row. */
export function pauseOf(
  next: AfterAttempt,
  { tenantId, endpointId }: Subscription,
  nowMs: number,
): LanePause | undefined {
  if (next.state === "delivered" || !next.pauseLaneUntil) return undefined;
  return { tenantId, endpointId, pauseMs: next.pauseLaneUntil.getTime() - nowMs };
}
