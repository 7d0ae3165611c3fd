import type { AdminConnection } from "../admin.ts";

export interface GroupPosition {
  partition: number;
  /** The next offset that the group will take; the log's beginning where it has committed none. */
  committed: number;
  /** The next offset of the log. */
  end: number;
}

/** Where a group stands in a topic, and where the topic's logs end, as the brokers say it now. */
export async function readGroupPositions(
  { client }: AdminConnection,
  groupId: string,
  topic: string,
): Promise<GroupPosition[]> {
  const [ranges, [answer]] = await Promise.all([
    client.fetchTopicOffsets(topic),
    client.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  const committed = new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  return ranges.map(({ partition, low, high }) => ({
    partition,
    committed: Math.max(committed.get(partition) ?? -1, Number(low)),
    end: Number(high),
  }));
}
