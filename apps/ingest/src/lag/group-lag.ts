import type { Lag } from "@postback/contracts";
import type { PartitionLag } from "./retry-after.ts";

export type GroupLag = Lag["data"][number];

/** What was seen of all partitions of a group, as the API tells it. */
export function groupLag(
  { group, topic }: Pick<GroupLag, "group" | "topic">,
  seen: { readonly at: Date; readonly lags: ReadonlyMap<number, PartitionLag> },
): GroupLag {
  const partitions = [...seen.lags]
    .map(([partition, { behind, takenPerSecond }]) => ({ partition, behind, takenPerSecond: rounded(takenPerSecond) }))
    .sort((a, b) => a.partition - b.partition);
  return {
    group,
    topic,
    at: seen.at.toISOString(),
    behind: partitions.reduce((sum, { behind }) => sum + behind, 0),
    takenPerSecond: rounded(partitions.reduce((sum, { takenPerSecond }) => sum + takenPerSecond, 0)),
    partitions,
  };
}

const rounded = (perSecond: number): number => Math.round(perSecond * 100) / 100;
