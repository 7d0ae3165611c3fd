import type { DeadLetterPlace } from "@postback/database";

const prefix = "dlt_";
const topicAt = 12;
/** Of Kafka's topics; anything longer is no id of ours. */
const topicMaxBytes = 249;

/**
 * The public id of a letter: `dlt_` and base64url of its place, 4 bytes partition, 8 bytes offset, the topic. So it is the
 * same for whoever lists it, and no index has to be kept for it.
 */
export function deadLetterId({ topic, partition, offset }: DeadLetterPlace): string {
  const bytes = Buffer.alloc(topicAt + Buffer.byteLength(topic));
  bytes.writeUInt32BE(partition, 0);
  bytes.writeBigUInt64BE(BigInt(offset), 4);
  bytes.write(topic, topicAt);
  return prefix + bytes.toString("base64url");
}

/** The place in a public id, or undefined where it is none; each letter has exactly one spelling. */
export function parseDeadLetterId(id: string): DeadLetterPlace | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const encoded = id.slice(prefix.length);
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.length <= topicAt || bytes.length > topicAt + topicMaxBytes) return undefined;
  if (bytes.toString("base64url") !== encoded) return undefined;
  const partition = bytes.readInt32BE(0);
  const offset = Number(bytes.readBigInt64BE(4));
  const topic = bytes.toString("latin1", topicAt);
  const isPlace = partition >= 0 && offset >= 0 && Number.isSafeInteger(offset) && /^[a-zA-Z0-9._-]+$/.test(topic);
  return isPlace ? { topic, partition, offset } : undefined;
}
