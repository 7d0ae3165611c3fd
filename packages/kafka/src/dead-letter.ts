import { type DeadLetterHeader, type DeadLetterReason, packHeader } from "@postback/contracts";
import type { IncomingMessage, PartitionBatch } from "./consumer/options.ts";
import type { Producer } from "./producer/create-producer.ts";

/** A message that was given up, as it is listed; the binary parts in base64. */
export interface DeadLetter {
  topic: string;
  partition: number;
  offset: number;
  reason: DeadLetterReason;
  detail: string;
  key?: string | undefined;
  header?: string | undefined;
  body?: string | undefined;
}

export interface GivenUp {
  batch: PartitionBatch;
  message: IncomingMessage;
  reason: DeadLetterReason;
  detail: string;
}

/**
 * Sends a message that can't be worked to the topic of dead letters: key and body unchanged, its own packed header beside
 * ours, which says why and where it came from.
 * @param topic of the dead letters; it has as many partitions as the others, so the letter keeps its partition
 * @returns what is to be listed
 */
export async function sendDeadLetter(producer: Producer, topic: string, givenUp: GivenUp): Promise<DeadLetter> {
  const { batch, message, reason, detail } = givenUp;
  const origin = { topic: batch.topic, partition: batch.partition, offset: message.offset };
  const header: DeadLetterHeader = { v: 1, reason, detail, ...origin, at: Date.now() };
  await producer.send({
    topic,
    partition: batch.partition,
    key: message.key,
    value: message.value,
    header: packHeader(header),
    ...(message.header === undefined ? {} : { extraHeaders: { "pb-origin": message.header } }),
  });
  return {
    ...origin,
    reason,
    detail,
    key: message.key?.toString("base64"),
    header: message.header === undefined ? undefined : Buffer.from(message.header).toString("base64"),
    body: message.value?.toString("base64"),
  };
}
