import { batchId, formatBatch, formatEvent, LIVE, signWebhook } from "@postback/domain";
import type { Outgoing } from "../lanes/held.ts";
import { keysThatSign } from "../subscriptions/signing-keys.ts";
import type { AgentPool } from "./agent-pool.ts";
import { type AttemptResult, postWebhook } from "./post-webhook.ts";

/** Signs exactly the bytes that it sends (Standard Webhooks 1.0) and posts them. @param others of its batch. Never rejects. */
export function sendDelivery(
  agents: AgentPool,
  outgoing: Outgoing,
  others: readonly Outgoing[],
): Promise<AttemptResult> {
  const { endpoint } = outgoing;
  const { id, body, headers: ofFormat } = contentOf(outgoing, others);
  const nowMs = Date.now();
  const timestampSeconds = Math.floor(nowMs / 1000);
  const headers: Record<string, string> = {
    ...ofFormat,
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signWebhook({ id, timestampSeconds, body, secrets: keysThatSign(endpoint.keys, nowMs) }),
    "postback-attempt": String(Math.max(outgoing.attemptsMade, ...others.map((other) => other.attemptsMade)) + 1),
  };
  // A batch comes of many requests.
  if (outgoing.traceparent !== undefined && endpoint.batch === undefined) headers["traceparent"] = outgoing.traceparent;
  if (outgoing.replay !== LIVE) headers["postback-replay"] = outgoing.replay;
  return postWebhook({ agents, endpoint: endpoint.target, headers, body });
}

/** One event under its own id, or the batch that its endpoint wants, under an id made of theirs. */
function contentOf(outgoing: Outgoing, others: readonly Outgoing[]) {
  const { endpoint, eventId } = outgoing;
  if (endpoint.batch === undefined) return { id: eventId, ...formatEvent(outgoing, endpoint.format) };
  const members = [outgoing, ...others];
  return {
    id: batchId(members.map((member) => member.eventId)),
    body: formatBatch(members, endpoint.format),
    headers: {},
  };
}
