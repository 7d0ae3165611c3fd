import type { AttemptRecord, DeliveryRecord } from "@postback/database";
import type { AttemptOutcome, Delivered, Exhausted, Expired, Skipped, Waiting } from "@postback/domain";
import type { AttemptResult as Sent } from "../send/post-webhook.ts";
import type { Outgoing } from "./held.ts";

const identity = (outgoing: Outgoing) => ({
  tenantId: outgoing.tenantId,
  eventId: outgoing.eventId,
  endpointId: outgoing.endpoint.endpointId,
  replay: outgoing.replay,
  eventType: outgoing.eventType,
  partition: outgoing.partition,
  ...(outgoing.orderKey === undefined ? {} : { orderKey: outgoing.orderKey }),
});

/**
 * A delivery that waits in Postgres until it is due. One that was claimed is given back by whoever holds its lease; any
 * other record without an attempt leaves a row alone that is there.
 */
export const toPending = (outgoing: Outgoing, owner: string, dueInMs: number): DeliveryRecord => ({
  ...identity(outgoing),
  status: "pending",
  dueInMs,
  leaseOwner: outgoing.isClaimed ? owner : undefined,
});

/** A delivery that waits for those before it in its queue; due at once where there are none. */
export const toQueued = (outgoing: Outgoing, orderKey: string): DeliveryRecord => ({
  ...identity(outgoing),
  status: "pending",
  dueInMs: 0,
  orderKey,
});

/** A delivery that is out: its row says so, and until when. */
export const toSending = (outgoing: Outgoing, leaseOwner: string, leaseMs: number): DeliveryRecord => ({
  ...identity(outgoing),
  status: "sending",
  dueInMs: leaseMs,
  leaseOwner,
});

/** A delivery after an attempt. @param dueMaxMs bounds the wait for the next one, whatever the schedule says */
export function toEnded(
  outgoing: Outgoing,
  sent: Sent,
  next: Waiting | Delivered | Exhausted | Expired | Skipped,
  startedAtMs: number,
  nowMs: number,
  dueMaxMs: number,
): DeliveryRecord {
  const attempt = toAttempt(sent, startedAtMs);
  if (next.state === "discarded") return { ...identity(outgoing), status: next.state, reason: next.reason, attempt };
  if (next.state !== "waiting") return { ...identity(outgoing), status: next.state, attempt };
  return {
    ...identity(outgoing),
    status: "pending",
    attempt,
    dueInMs: Math.min(Math.max(0, next.nextAttemptAt.getTime() - nowMs), dueMaxMs),
  };
}

function toAttempt({ outcome, durationMs, response }: Sent, startedAtMs: number): AttemptRecord {
  return {
    at: new Date(startedAtMs).toISOString(),
    durationMs: Math.round(durationMs * 10) / 10,
    outcome: outcome.kind,
    ...detailOf(outcome),
    // Postgres keeps no U+0000 in jsonb.
    ...(response ? { response: response.replaceAll("\u0000", "\uFFFD") } : {}),
  };
}

function detailOf(outcome: AttemptOutcome): Pick<AttemptRecord, "status" | "cause"> {
  switch (outcome.kind) {
    case "accepted":
    case "refused":
      return { status: outcome.status };
    case "unreachable":
      return { cause: outcome.cause };
    case "blocked":
      return { cause: outcome.reason };
  }
}
