import type { Admin } from "kafkajs";
import type { Consumer } from "../consumer/options.ts";
import type { PartitionPosition } from "../consumer/partition-progress.ts";
import type { Sighting } from "./stall.ts";

interface LogRange {
  low: number;
  high: number;
}

/** Compares where the consumer is with where the logs end, as the brokers say it now. */
export async function readSightings(client: Admin, groupId: string, consumer: Consumer): Promise<Sighting[]> {
  const positions = consumer.positions();
  const byTopic = Map.groupBy(positions, ({ topic }) => topic);
  const sightings: Sighting[] = [];
  for (const [topic, ofTopic] of byTopic) {
    const [ranges, committed] = await Promise.all([
      readRanges(client, topic),
      readCommitted(client, groupId, topic, ofTopic),
    ]);
    for (const position of ofTopic) {
      const range = ranges.get(position.partition);
      if (range === undefined) continue;
      // Nothing read in this generation yet: the last commit says where the group stands, or the log's beginning.
      const lowWater = position.lowWater ?? Math.max(committed.get(position.partition) ?? range.low, range.low);
      sightings.push({
        topic,
        partition: position.partition,
        lowWater,
        endOffset: range.high,
        paused: position.paused,
      });
    }
  }
  return sightings;
}

async function readRanges(client: Admin, topic: string): Promise<Map<number, LogRange>> {
  const offsets = await client.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
}

async function readCommitted(
  client: Admin,
  groupId: string,
  topic: string,
  positions: readonly PartitionPosition[],
): Promise<Map<number, number>> {
  if (positions.every(({ lowWater }) => lowWater !== undefined)) return new Map();
  const committed = await client.fetchOffsets({ groupId, topics: [topic] });
  const partitions = committed.flatMap((answer) => answer.partitions).filter(({ offset }) => Number(offset) >= 0);
  return new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
}
