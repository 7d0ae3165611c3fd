import type { WebhookEvent } from "../webhook-event.ts";
import type { Verified } from "./verify-webhook.ts";

/** One event, and the id by which its repetition is recognised: alone, in a batch, or in another batch. */
export interface ReceivedEvent {
  readonly webhookId: string;
  readonly event: WebhookEvent;
}

/** The `webhook-id` of a batch begins so; it is signed, as the rest. */
const batchPrefix = "batch_";

/**
 * All that a verified webhook tells of: one event, or those of a batch, `{"batch": [{"id", …}]}` or a CloudEvents batch.
 * @throws TypeError for a batch whose members can't be told apart
 */
export function eventsOf({ webhookId, event }: Verified): readonly ReceivedEvent[] {
  if (!webhookId.startsWith(batchPrefix)) return [{ webhookId, event }];
  const body: unknown = event;
  const members: unknown = Array.isArray(body) ? body : (body as { batch?: unknown } | null)?.batch;
  if (!Array.isArray(members)) throw new TypeError("the webhook is called a batch, and has no events");
  return members.map((member: { id?: unknown } & WebhookEvent) => {
    if (typeof member?.id !== "string") throw new TypeError("an event of a batch has no id");
    return { webhookId: member.id, event: member };
  });
}
