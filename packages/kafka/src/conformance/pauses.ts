import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { arrived, type Client, Rig, valuesOf } from "./rig.ts";

/** So long nothing may come; several fetches fit into it. */
const QUIET_MS = 800;

export function describePauses(client: Client): void {
  describe("pauses", { concurrent: true }, () => {
    test("while all is held nothing is handed over; after the release it comes within a fetch", async () => {
      await using rig = await Rig.make(client, 2);
      const values: string[] = [];
      const consumer = await rig.consumer({
        maxWaitMs: 200,
        onBatch: async (batch) => void values.push(...valuesOf(batch)),
      });
      consumer.hold("a");
      consumer.hold("b");
      await sleep(300);
      await rig.sendNumbers(3);
      consumer.release("a");
      await sleep(QUIET_MS);
      expect([values, consumer.held]).toEqual([[], true]);
      const releasedMs = performance.now();
      consumer.release("b");
      await arrived(values, 3);
      expect(performance.now() - releasedMs).toBeLessThan(1_000);
      expect(values).toEqual(["0", "1", "2"]);
    });

    test("one paused partition doesn't hold up the others", async () => {
      await using rig = await Rig.make(client, 2);
      const values: string[] = [];
      const consumer = await rig.consumer({ onBatch: async (batch) => void values.push(...valuesOf(batch)) });
      consumer.pause(rig.topic, 0);
      await Promise.all([rig.sendNumbers(2, 0), rig.sendNumbers(2, 1, 10)]);
      await arrived(values, 2);
      await sleep(QUIET_MS);
      expect(values).toEqual(["10", "11"]);
      consumer.resume(rig.topic, 0);
      await arrived(values, 4);
    });

    test("a hold survives a rebalance", async () => {
      await using rig = await Rig.make(client, 2);
      const values: string[] = [];
      const generations: number[] = [];
      const consumer = await rig.consumer({
        onBatch: async (batch) => void values.push(...valuesOf(batch)),
        onAssigned: async (_, { generation }) => void generations.push(generation),
      });
      consumer.hold("test");
      const other = await rig.consumer({ onBatch: async () => {} });
      await other.stop();
      await arrived(generations, 3);
      await rig.sendNumbers(2);
      await sleep(QUIET_MS);
      expect(values).toEqual([]);
      consumer.release("test");
      await arrived(values, 2);
    });
  });
}
