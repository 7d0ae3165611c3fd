import { eventually } from "@postback/testkit";
import { expect, test } from "vitest";
import { connectAdmin } from "../admin.ts";
import { arrived, Rig, valuesOf } from "../conformance/rig.ts";
import { createProducer, startConsumer } from "../index.ts";
import { readGroupPositions } from "./read-group-positions.ts";

test("says for each partition where a group stands and where the log ends, also where it has committed nothing", async () => {
  await using rig = await Rig.make({ createProducer, startConsumer }, 2);
  await rig.sendNumbers(5, 0);
  await rig.sendNumbers(3, 1);
  const seen: string[] = [];
  const consumer = await rig.consumer({
    commitIntervalMs: 20,
    onBatch: async (batch) => void seen.push(...valuesOf(batch)),
  });
  await arrived(seen, 8);
  for (const offset of [0, 1]) consumer.done(rig.topic, 0, offset);
  await using admin = await connectAdmin(rig.connection);
  await eventually(async () => {
    const positions = await readGroupPositions(admin, rig.groupId, rig.topic);
    expect(positions.toSorted((a, b) => a.partition - b.partition)).toEqual([
      { partition: 0, committed: 2, end: 5 },
      { partition: 1, committed: 0, end: 3 },
    ]);
  });
});
