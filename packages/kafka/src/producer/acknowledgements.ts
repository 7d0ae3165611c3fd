/** One partition's part of a produce response. */
export interface PartitionResponse {
  topicName: string;
  partition: number;
  errorCode: number;
  baseOffset?: string;
}

interface Placed {
  message: { topic: string; partition: number };
}

export interface Checked<T> {
  acknowledged: { item: T; offset: number }[];
  /** In the order in which they were sent: to be sent again. */
  missing: T[];
}

/**
 * The guard against kafkajs#1303: `sendBatch` resolves without having sent partitions whose leader moved to a broker
 * that had already answered. A message is acknowledged only if its partition is in the response, without an error.
 */
export function checkAcknowledged<T extends Placed>(
  batch: readonly T[],
  response: readonly PartitionResponse[],
): Checked<T> {
  const nextOffsets = baseOffsets(response);
  const checked: Checked<T> = { acknowledged: [], missing: [] };
  for (const item of batch) {
    const key = keyOf(item.message.topic, item.message.partition);
    const offset = nextOffsets.get(key);
    if (offset === undefined) {
      checked.missing.push(item);
      continue;
    }
    checked.acknowledged.push({ item, offset });
    nextOffsets.set(key, offset + 1);
  }
  return checked;
}

function baseOffsets(response: readonly PartitionResponse[]): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const { topicName, partition, errorCode, baseOffset } of response) {
    if (errorCode !== 0 || baseOffset === undefined) continue;
    offsets.set(keyOf(topicName, partition), Number(baseOffset));
  }
  return offsets;
}

/** A slash can't be in a topic's name. */
const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;
