import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { connectAdmin } from "../admin.ts";
import { arrived, type Client, Rig, valuesOf } from "./rig.ts";

/** The least that brokers allow (`group.min.session.timeout.ms`). */
const SESSION_TIMEOUT_MS = 6_000;

export function describeMembership(client: Client): void {
  describe("membership", { concurrent: true }, () => {
    test("the caller is told of its partitions before the first batch, and waited for", async () => {
      await using rig = await Rig.make(client, 2);
      await rig.sendNumbers(1);
      const calls: string[] = [];
      const consumer = await rig.consumer({
        onAssigned: async (partitions) => {
          await sleep(300);
          calls.push(`assigned ${partitions.length}`);
        },
        onBatch: async () => void calls.push("batch"),
      });
      calls.push("started");
      await arrived(calls, 3);
      expect(calls).toEqual(["assigned 2", "started", "batch"]);
      expect(consumer.assigned).toHaveLength(2);
      expect(consumer.lastHeartbeatAtMs).toBeGreaterThan(Date.now() - 5_000);
    });

    test("the batches of one partition never overlap", async () => {
      await using rig = await Rig.make(client, 1);
      let [running, most] = [0, 0];
      const values: string[] = [];
      await rig.consumer({
        maxBytesPerPartition: 500,
        onBatch: async (batch) => {
          running += 1;
          most = Math.max(most, running);
          await sleep(5);
          running -= 1;
          values.push(...valuesOf(batch));
        },
      });
      for (let i = 0; i < 20; i += 1) await rig.sendNumbers(1, 0, i);
      await arrived(values, 20);
      expect([most, values]).toEqual([1, Array.from({ length: 20 }, (_, i) => String(i))]);
    });

    test("a handler that takes longer than the session keeps its membership, and each message comes once", {
      timeout: 40_000,
    }, async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(3);
      const values: string[] = [];
      const generations: number[] = [];
      await rig.consumer({
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        onAssigned: async (_, { generation }) => void generations.push(generation),
        onBatch: async (batch) => {
          if (values.length === 0) await sleep(SESSION_TIMEOUT_MS * 2);
          values.push(...valuesOf(batch));
        },
      });
      await arrived(values, 3, 30_000);
      await rig.sendNumbers(1, 0, 3);
      await arrived(values, 4);
      expect([values, generations]).toEqual([["0", "1", "2", "3"], [1]]);
    });

    test("at a rebalance during a handler, what was handed over is drained and committed first: nothing is lost or doubled", async () => {
      await using rig = await Rig.make(client, 4);
      const seen: string[] = [];
      const revoked: number[] = [];
      for (let partition = 0; partition < 4; partition += 1) await rig.sendNumbers(25, partition, partition * 25);
      const work: Promise<void>[] = [];
      const first = await rig.consumer({
        onBatch: async (batch) => {
          work.push(
            sleep(700).then(() => {
              seen.push(...valuesOf(batch));
              for (const { offset } of batch.messages)
                first.done(batch.topic, batch.partition, offset, batch.generation);
            }),
          );
        },
        onRevoking: async () => {
          await Promise.all(work);
          revoked.push(seen.length);
        },
      });
      await eventually(() => expect(work.length).toBeGreaterThan(0));
      const second = await rig.consumer({
        onBatch: async (batch) => {
          seen.push(...valuesOf(batch));
          for (const { offset } of batch.messages) second.done(batch.topic, batch.partition, offset);
        },
      });
      await arrived(seen, 100);
      await eventually(() => expect([first.assigned.length, second.assigned.length]).toEqual([2, 2]));
      await Promise.all([0, 1, 2, 3].map((partition) => rig.sendNumbers(1, partition, 100 + partition)));
      await arrived(seen, 104);
      expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 104 }, (_, i) => i));
      expect(revoked.length).toBeGreaterThan(0);
    });

    test("at a rebalance during a handler that hangs, this member joins again after its drain time, and nothing is lost", async () => {
      await using rig = await Rig.make(client, 2);
      await Promise.all([rig.sendNumbers(5, 0), rig.sendNumbers(5, 1, 5)]);
      const generations: number[] = [];
      const seen = new Set<string>();
      const first = await rig.consumer({
        drainMaxMs: 300,
        onAssigned: async (_, { generation }) => void generations.push(generation),
        onBatch: async (batch) => {
          if (batch.generation === 1) await new Promise(() => {});
          for (const value of valuesOf(batch)) seen.add(value);
        },
      });
      await eventually(() => expect(first.positions().some(({ open }) => open > 0)).toBe(true));
      await rig.consumer({
        onBatch: async (batch) => {
          for (const value of valuesOf(batch)) seen.add(value);
        },
      });
      await eventually(() => expect(seen.size).toBe(10));
      expect(generations.at(-1)).toBeGreaterThan(1);
    });

    test("a stop is bounded although a handler hangs, and leaves the group, so that another goes on at once", async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(2);
      let handed = false;
      const values: string[] = [];
      const hanging = await rig.consumer({
        stopMaxMs: 2_000,
        onBatch: () => {
          handed = true;
          return new Promise(() => {});
        },
      });
      await eventually(() => expect(handed).toBe(true));
      const stoppingMs = performance.now();
      await hanging.stop();
      expect(performance.now() - stoppingMs).toBeLessThan(2_500);
      await rig.consumer({ onBatch: async (batch) => void values.push(...valuesOf(batch)) });
      await arrived(values, 2, 4_000);
      expect(values).toEqual(["0", "1"]);
    });

    test("an offset that the log no longer has is an alarm, and consumption goes on at the earliest", async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(10);
      const alarms: object[] = [];
      const values: string[] = [];
      await using admin = await connectAdmin(rig.connection);
      await admin.client.setOffsets({
        groupId: rig.groupId,
        topic: rig.topic,
        partitions: [{ partition: 0, offset: "2" }],
      });
      await admin.client.deleteTopicRecords({ topic: rig.topic, partitions: [{ partition: 0, offset: "6" }] });
      await rig.consumer({
        onBatch: async (batch) => void values.push(...valuesOf(batch)),
        onOutOfRange: (at) => void alarms.push(at),
      });
      await arrived(values, 4);
      expect(values).toEqual(["6", "7", "8", "9"]);
      expect(alarms).toEqual([{ topic: rig.topic, partition: 0 }]);
    });
  });
}
