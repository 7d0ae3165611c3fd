import type { TopicPartition } from "../consumer/partition-progress.ts";

export interface PartitionLag extends TopicPartition {
  /** Messages between what is done and the end of the log. */
  lag: number;
}

/** What was seen of one partition at one look. */
export interface Sighting extends TopicPartition {
  /** The first offset that isn't done. */
  lowWater: number;
  endOffset: number;
  /** Paused on purpose: standing still is right. */
  paused: boolean;
}

/** Since when a partition has stood at a low-water mark although it lags. */
export interface Standstill extends TopicPartition {
  lowWater: number;
  lag: number;
  sinceMs: number;
}

export const lagOf = ({ topic, partition, lowWater, endOffset }: Sighting): PartitionLag => ({
  topic,
  partition,
  lag: Math.max(endOffset - lowWater, 0),
});

/**
 * The partitions that stand still now, each since when. One that moved, caught up, is paused or isn't assigned any more is left
 * out, so that its time begins anew.
 */
export function standstills(
  before: readonly Standstill[],
  sightings: readonly Sighting[],
  nowMs: number,
): Standstill[] {
  return sightings.flatMap((sighting) => {
    const { topic, partition, lowWater, paused } = sighting;
    const { lag } = lagOf(sighting);
    if (paused || lag === 0) return [];
    const earlier = before.find(
      (one) => one.topic === topic && one.partition === partition && one.lowWater === lowWater,
    );
    return [{ topic, partition, lowWater, lag, sinceMs: earlier?.sinceMs ?? nowMs }];
  });
}
