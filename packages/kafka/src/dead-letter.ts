import {
  type DeadLetterHeader,
  type DeadLetterReason,
  messageOwnerSchema,
  packHeader,
  unpackHeader,
} from "@postback/contracts";
import type { IncomingMessage, PartitionBatch } from "./consumer/options.ts";
import { MessageRefused } from "./errors.ts";
import type { Producer } from "./producer/create-producer.ts";
import type { OutgoingMessage } from "./producer/message.ts";

/** A message that was given up, as it is listed; the binary parts in base64. */
export interface DeadLetter {
  topic: string;
  partition: number;
  offset: number;
  /** Whose it is; undefined where the header could not be read. */
  tenantId?: string | undefined;
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

/** A reason is a sentence; what an error quotes of its cause may be as long as a message. */
const detailMaxChars = 1_000;

/**
 * Sends a message that can't be worked to the topic of dead letters: key and body unchanged, its own packed header beside
 * ours, which says why and where it came from.
 * @param topic of the dead letters; it has as many partitions as the others, so the letter keeps its partition
 * @returns what is to be listed
 */
export async function sendDeadLetter(producer: Producer, topic: string, givenUp: GivenUp): Promise<DeadLetter> {
  const { batch, message, reason } = givenUp;
  const detail = asPlainText(givenUp.detail);
  const origin = { topic: batch.topic, partition: batch.partition, offset: message.offset };
  const header: DeadLetterHeader = { v: 1, reason, detail, ...origin, at: Date.now() };
  await sendAsFits(producer, header, {
    topic,
    partition: batch.partition,
    key: message.key,
    value: message.value,
    header: packHeader(header),
    ...(message.header === undefined ? {} : { extraHeaders: { "pb-origin": message.header } }),
  });
  return {
    ...origin,
    tenantId: tenantOf(givenUp),
    reason,
    detail,
    key: message.key?.toString("base64"),
    header: message.header === undefined ? undefined : Buffer.from(message.header).toString("base64"),
    body: message.value?.toString("base64"),
  };
}

/** What its consumer could not read is nobody's: a tenant that stands in it may be anyone's claim. */
function tenantOf({ message, reason }: GivenUp): string | undefined {
  if (reason === "unreadable-header") return undefined;
  const unpacked = unpackHeader(messageOwnerSchema, message.header);
  return unpacked.ok ? unpacked.header.tenant : undefined;
}

/** Neither JSON's reader in Postgres nor its text takes U+0000 or half a surrogate pair, and errors quote what they met. */
const asPlainText = (detail: string): string =>
  detail.slice(0, detailMaxChars).toWellFormed().replaceAll("\u0000", "\uFFFD");

/**
 * What somebody else put into the log may be as large as Kafka takes, and is larger with our header. Then its place alone
 * is told here, so that the partition flows on; the row has all of it.
 */
async function sendAsFits(producer: Producer, header: DeadLetterHeader, whole: OutgoingMessage): Promise<void> {
  try {
    await producer.send(whole);
  } catch (error) {
    if (!(error instanceof MessageRefused) || error.code !== "message-too-large") throw error;
    const detail = `${header.detail}; too large to be kept here with its content`;
    const { topic, partition } = whole;
    await producer.send({ topic, partition, key: null, value: null, header: packHeader({ ...header, detail }) });
  }
}
