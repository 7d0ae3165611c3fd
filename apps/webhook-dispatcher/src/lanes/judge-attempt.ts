import type { DeliveryRecord, LanePause } from "@postback/database";
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
import type { AttemptResult as Sent } from "../send/post-webhook.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import type { InFlight } from "./lane.ts";
import { toEnded } from "./to-record.ts";

export type AfterAttempt = Waiting | Delivered | Exhausted | Expired | Skipped;

/** A delivery, and since when the request was out that it went in. */
type Attempted = Pick<InFlight, "outgoing" | "sinceMs">;

/** One delivery of a request that has ended. */
export interface Judged {
  readonly outgoing: Outgoing;
  readonly next: AfterAttempt;
  readonly delivery: DeliveryRecord;
}

/** When a failed delivery is due whose endpoint is told no more: not by the schedule, as it is only to be discarded. */
const discardDueMs = 1_000;

/**
 * How each delivery of a request goes on, by its one answer. The dice are the same for all of a batch, so that those that
 * failed together are due together.
 */
export function judgeRequest(
  endpoint: Subscription,
  { outgoing, others, sinceMs }: InFlight,
  sent: Sent,
  nowMs: number,
  dice: number,
): [Judged, ...Judged[]] {
  const judge = (each: Outgoing): Judged => {
    const next = judgeAttempt(endpoint, { outgoing: each, sinceMs }, sent.outcome, new Date(nowMs), dice);
    const dueMaxMs = !endpoint.enabled || isGone(next) ? discardDueMs : Number.POSITIVE_INFINITY;
    return { outgoing: each, next, delivery: toEnded(each, sent, next, sinceMs, nowMs, dueMaxMs) };
  };
  return [judge(outgoing), ...others.map(judge)];
}

/** How a delivery goes on after an attempt, by the settings of its endpoint. @param dice in [0, 1) */
function judgeAttempt(
  endpoint: Subscription,
  { outgoing, sinceMs }: Attempted,
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
