import { createHash } from "node:crypto";
import { type EventFormat, formatEvent, type ToldEvent } from "./cloud-event.ts";

/** How an endpoint's events are gathered: a request goes when so many are there, or the first has waited so long. */
export type BatchSetting = { readonly maxEvents: number; readonly maxWaitMs: number };

/** Of a batch's body, unless one event alone is larger: what receivers take that take any webhook of ours. */
export const BATCH_BODY_MAX_BYTES = 1024 * 1024;
/** What a form adds to an event's own bytes at most: its id, and the attributes of a CloudEvent that aren't in them. */
const memberOverheadMaxBytes = 512;
/** 192 bits: no two batches that a receiver ever sees have one id by chance. */
const idBytes = 24;
/** Tells a batch's `webhook-id`, which is signed, from that of an event. */
const idPrefix = "batch_";
/** Of a batch of CloudEvents: as {@link CONTENT_TYPES}, of the endpoint, not of one attempt. */
export const BATCH_CONTENT_TYPE = "application/cloudevents-batch+json; charset=utf-8";

/** How many of these, from the first, go in one request: at least one. @param bodiesBytes in the order in which they wait */
export function batchSize(bodiesBytes: readonly number[], maxEvents: number): number {
  let total = 0;
  let size = 0;
  for (const bytes of bodiesBytes.slice(0, maxEvents)) {
    total += bytes + memberOverheadMaxBytes;
    if (size > 0 && total > BATCH_BODY_MAX_BYTES) break;
    size += 1;
  }
  return size;
}

/** The `webhook-id` of a batch: of its events alone, so that the same ones have the same id again, whenever they are sent. */
export function batchId(eventIds: readonly string[]): string {
  const digest = createHash("sha256").update(eventIds.toSorted().join("\n")).digest();
  return idPrefix + digest.subarray(0, idBytes).toString("base64url");
}

/**
 * The body of one request with several events, always the same bytes for the same ones. Standard: `{"batch": […]}`, each
 * member the event's own bytes with its `id` in front, as one event has it in `webhook-id`. CloudEvents: the JSON batch
 * format (JSON event format 1.0.2 §4) in batched content mode (HTTP binding 1.0.2 §3.3); there is none of binary mode,
 * which endpoints with batches can't have.
 */
export function formatBatch(events: readonly ToldEvent[], format: EventFormat): Buffer {
  const ordered = events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  if (format === "standard") return joined('{"batch":[', ordered.map(withId), "]}");
  const members = ordered.map((event) => formatEvent(event, "cloudevents-structured").body);
  return joined("[", members, "]");
}

/** Somebody may have put a message on the topic by hand: what isn't an object with members is taken as data. */
function withId({ eventId, body }: ToldEvent): Buffer {
  const isObject = body.toString("latin1", 0, 2) === '{"';
  return Buffer.concat([
    Buffer.from(`{"id":"${eventId}",${isObject ? "" : '"data":'}`),
    isObject ? body.subarray(1) : body,
    Buffer.from(isObject ? "" : "}"),
  ]);
}

function joined(open: string, members: readonly Buffer[], close: string): Buffer {
  const comma = Buffer.from(",");
  const parts = members.flatMap((member, at) => (at === 0 ? [member] : [comma, member]));
  return Buffer.concat([Buffer.from(open), ...parts, Buffer.from(close)]);
}
