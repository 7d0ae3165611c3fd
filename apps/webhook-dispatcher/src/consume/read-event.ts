import { type DeadLetterReason, type EventHeader, eventHeaderSchema, unpackHeader } from "@postback/contracts";
import { type IncomingMessage, jsonFault } from "@postback/kafka";

export type ReadEvent =
  | { ok: true; header: EventHeader; body: Buffer }
  | { ok: false; reason: DeadLetterReason; detail: string };

/** Reads a message of `events`. What isn't one is an expected thing: anyone may put a message there by hand. */
export function readEvent(message: IncomingMessage): ReadEvent {
  const unpacked = unpackHeader(eventHeaderSchema, message.header);
  if (!unpacked.ok) return { ok: false, reason: "unreadable-header", detail: unpacked.detail };
  const body = message.value;
  const fault = jsonFault(body);
  if (body === null || fault !== undefined) return { ok: false, reason: "unreadable-body", detail: fault ?? "" };
  return { ok: true, header: unpacked.header, body };
}
