import { eventually } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { arrived, type Client, Rig, valuesOf } from "./rig.ts";

export function describeCommits(client: Client): void {
  describe("commits", { concurrent: true }, () => {
    test("the commit is one past the last offset that is done, and the next member begins there", async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(5);
      const first: string[] = [];
      const second: string[] = [];
      const one = await rig.consumer({ onBatch: async (batch) => void first.push(...valuesOf(batch)) });
      await arrived(first, 5);
      for (const offset of [0, 1, 2]) one.done(rig.topic, 0, offset);
      await eventually(async () => expect(await rig.committed()).toBe(3));
      await one.stop();
      await rig.consumer({ onBatch: async (batch) => void second.push(...valuesOf(batch)) });
      await arrived(second, 2);
      expect(second).toEqual(["3", "4"]);
    });

    test("what is done out of order never commits past a hole", async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(10);
      const values: string[] = [];
      const consumer = await rig.consumer({
        commitIntervalMs: 20,
        onBatch: async (batch) => void values.push(...valuesOf(batch)),
      });
      await arrived(values, 10);
      for (const offset of [9, 1, 2, 7]) consumer.done(rig.topic, 0, offset);
      await consumer.flushCommits();
      expect(await rig.committed()).toBeLessThanOrEqual(0);
      consumer.done(rig.topic, 0, 0);
      await consumer.flushCommits();
      expect(await rig.committed()).toBe(3);
      for (const offset of [3, 4, 5, 6, 8]) consumer.done(rig.topic, 0, offset);
      await consumer.flushCommits();
      expect(await rig.committed()).toBe(10);
    });

    test("done twice, for another partition or with another generation, it counts for nothing", async () => {
      await using rig = await Rig.make(client, 2);
      await rig.sendNumbers(3);
      const values: string[] = [];
      const consumer = await rig.consumer({ onBatch: async (batch) => void values.push(...valuesOf(batch)) });
      await arrived(values, 3);
      const generation = consumer.member?.generation ?? 0;
      consumer.done(rig.topic, 0, 0, generation - 1);
      consumer.done(rig.topic, 1, 0);
      consumer.done("elsewhere", 0, 0);
      expect(consumer.positions().find(({ partition }) => partition === 0)).toMatchObject({ lowWater: 0, open: 3 });
      consumer.done(rig.topic, 0, 0, generation);
      consumer.done(rig.topic, 0, 0, generation);
      await consumer.flushCommits();
      expect(consumer.positions().find(({ partition }) => partition === 0)).toMatchObject({
        lowWater: 1,
        open: 2,
        committed: 1,
        next: 3,
      });
    });

    test("what was done before a stop is committed by it", async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(4);
      const values: string[] = [];
      const consumer = await rig.consumer({
        commitIntervalMs: 60_000,
        onBatch: async (batch) => void values.push(...valuesOf(batch)),
      });
      await arrived(values, 4);
      for (let offset = 0; offset < 4; offset += 1) consumer.done(rig.topic, 0, offset);
      await consumer.stop();
      expect(await rig.committed()).toBe(4);
    });
  });
}
