import { PACKED_HEADER } from "../producer/message.ts";
import type { IncomingMessage } from "./options.ts";

/** What of a message of kafkajs is used, from a consumer or a fetch of its own. */
interface ClientMessage {
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
  timestamp: string;
}

/** A message of kafkajs as ours; offsets are exact up to 2^53. */
export function toIncoming(message: ClientMessage): IncomingMessage {
  const header = message.headers?.[PACKED_HEADER];
  return {
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    header: header === undefined ? undefined : (Array.isArray(header) ? header[0] : header)?.toString(),
    timestampMs: Number(message.timestamp),
  };
}
