import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { arrived, Rig, valuesOf } from "./conformance/rig.ts";
import { createProducer, startConsumer } from "./index.ts";

/** Long enough for a busy machine to send a few messages one after the other. */
const gatherMs = 3_000;

test("a busy consumer gathers what comes for a while in one fetch, of all partitions", async () => {
  await using rig = await Rig.make({ createProducer, startConsumer }, 2);
  const values: string[] = [];
  const atMs: number[] = [];
  await rig.consumer({
    gatherMs,
    partitionsConcurrently: 2,
    onBatch: async (batch) => {
      atMs.push(performance.now());
      values.push(...valuesOf(batch));
    },
  });
  await rig.sendNumbers(3);
  await arrived(values, 3);
  for (const [from, partition] of [0, 1, 0, 1].entries()) {
    await rig.sendNumbers(1, partition, 3 + from);
    await sleep(20);
  }
  await arrived(values, 7);
  const [first = 0, ...later] = atMs;
  expect(values.toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
  expect(later).toHaveLength(2);
  for (const ms of later) expect(ms - first).toBeGreaterThan(gatherMs - 100);
});
