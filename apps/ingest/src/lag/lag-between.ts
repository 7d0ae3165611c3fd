import type { GroupPosition } from "@postback/kafka";
import type { PartitionLag } from "./retry-after.ts";

/** Where a group stood at a moment, monotonic milliseconds. */
export interface Sample {
  atMs: number;
  positions: readonly GroupPosition[];
}

/**
 * What two looks tell together. What came since the first is no lag: commits are made now and then, so a group that keeps
 * up stands a little behind at every look.
 */
export function lagBetween(before: Sample, now: Sample): Map<number, PartitionLag> {
  const earlier = new Map(before.positions.map((position) => [position.partition, position]));
  const seconds = Math.max(now.atMs - before.atMs, 1) / 1000;
  return new Map(
    now.positions.map(({ partition, committed, end }) => {
      const then = earlier.get(partition) ?? { committed, end };
      const waited = then.end > committed;
      return [
        partition,
        {
          behind: waited ? end - committed : 0,
          takenPerSecond: Math.max(0, committed - then.committed) / seconds,
        },
      ];
    }),
  );
}
