import { expect, test } from "vitest";
import { spreadPartition } from "./spread-partition.ts";

test("stays with a partition for a turn, and visits each equally often", () => {
  const visits = new Map<number, number>();
  for (let ms = 0; ms < 12 * 20 * 5; ms += 1) {
    const partition = spreadPartition(ms, 7, 12);
    visits.set(partition, (visits.get(partition) ?? 0) + 1);
  }
  expect([...visits.values()]).toEqual(Array(12).fill(100));
  expect(spreadPartition(0, 7, 12)).toBe(spreadPartition(19, 7, 12));
});
