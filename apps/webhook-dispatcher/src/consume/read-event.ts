import { isUtf8 } from "node:buffer";
import { type DeadLetterReason, type EventHeader, eventHeaderSchema, unpackHeader } from "@postback/contracts";
import type { IncomingMessage } from "@postback/kafka";

export type ReadEvent =
  | { ok: true; header: EventHeader; body: Buffer }
  | { ok: false; reason: DeadLetterReason; detail: string };

/** Reads a message of `events`. What isn't one is an expected thing: anyone may put a message there by hand. */
export function readEvent(message: IncomingMessage): ReadEvent {
  const unpacked = unpackHeader(eventHeaderSchema, message.header);
  if (!unpacked.ok) return { ok: false, reason: "unreadable-header", detail: unpacked.detail };
  const body = message.value;
  const fault = body === null ? "the message has no body" : faultOf(body);
  if (body === null || fault !== undefined) return { ok: false, reason: "unreadable-body", detail: fault ?? "" };
  return { ok: true, header: unpacked.header, body };
}

function faultOf(body: Buffer): string | undefined {
  if (!isUtf8(body)) return "the body is not UTF-8";
  try {
    JSON.parse(body.toString("utf8"));
    return undefined;
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message}`;
  }
}
