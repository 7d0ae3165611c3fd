import { formatEvent, LIVE, signWebhook } from "@postback/domain";
import type { Outgoing } from "../lanes/held.ts";
import { keysThatSign } from "../subscriptions/signing-keys.ts";
import type { AgentPool } from "./agent-pool.ts";
import { type AttemptResult, postWebhook } from "./post-webhook.ts";

/** Signs exactly the bytes that it sends (Standard Webhooks 1.0) and posts them. Never rejects. */
export function sendDelivery(agents: AgentPool, outgoing: Outgoing): Promise<AttemptResult> {
  const { endpoint, eventId: id } = outgoing;
  const { body, headers: ofFormat } = formatEvent(outgoing, endpoint.format);
  const nowMs = Date.now();
  const timestampSeconds = Math.floor(nowMs / 1000);
  const headers: Record<string, string> = {
    ...ofFormat,
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signWebhook({ id, timestampSeconds, body, secrets: keysThatSign(endpoint.keys, nowMs) }),
    "postback-attempt": String(outgoing.attemptsMade + 1),
  };
  if (outgoing.traceparent !== undefined) headers["traceparent"] = outgoing.traceparent;
  if (outgoing.replay !== LIVE) headers["postback-replay"] = outgoing.replay;
  return postWebhook({ agents, endpoint: endpoint.target, headers, body });
}
