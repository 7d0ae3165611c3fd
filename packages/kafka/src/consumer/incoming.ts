import type { KafkaMessage } from "kafkajs";
import { PACKED_HEADER } from "../producer/message.ts";
import type { IncomingMessage } from "./options.ts";

/** A message of kafkajs as ours; offsets are exact up to 2^53. */
export function toIncoming(message: KafkaMessage): IncomingMessage {
  const header = message.headers?.[PACKED_HEADER];
  return {
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    header: header === undefined ? undefined : (Array.isArray(header) ? header[0] : header)?.toString(),
    timestampMs: Number(message.timestamp),
  };
}
