import { describe, expect, test } from "vitest";
import type { IncomingMessage } from "../consumer/options.ts";
import { arrived, type Client, Rig, valuesOf } from "./rig.ts";

export function describeSending(client: Client): void {
  describe("sending", { concurrent: true }, () => {
    test("a message's offset is its place in the partition, also within a shared request", async () => {
      await using rig = await Rig.make(client, 2);
      const producer = await rig.producer();
      const sent = ["a", "b", "c", "d"].map((value, i) => rig.message(value, i % 2));
      expect(await producer.sendAll(sent)).toEqual([{ offset: 0 }, { offset: 0 }, { offset: 1 }, { offset: 1 }]);
      expect(await producer.send(rig.message("e", 1))).toEqual({ offset: 2 });
    });

    test("the messages of a partition keep the order in which they were sent", async () => {
      await using rig = await Rig.make(client, 3);
      const values: string[] = [];
      const sends: Promise<void>[] = [];
      for (let round = 0; round < 20; round += 1) {
        sends.push(rig.sendNumbers(50, 1, round * 50));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(sends);
      await rig.consumer({ onBatch: async (batch) => void values.push(...valuesOf(batch)) });
      await arrived(values, 1_000);
      expect(values).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    });

    test("a null key and a null value arrive as null, in the partition that was asked for", async () => {
      await using rig = await Rig.make(client, 3);
      const received: (IncomingMessage & { partition: number })[] = [];
      const producer = await rig.producer();
      await producer.send({
        topic: rig.topic,
        partition: 2,
        key: null,
        value: null,
        header: "h",
        extraHeaders: { reason: "test" },
      });
      await rig.consumer({
        onBatch: async ({ partition, messages }) =>
          void received.push(...messages.map((message) => ({ ...message, partition }))),
      });
      await arrived(received, 1);
      expect(received).toEqual([
        { partition: 2, offset: 0, key: null, value: null, header: "h", timestampMs: expect.closeTo(Date.now(), -5) },
      ]);
    });

    test("a message that is too large for the topic is refused, the others of its request are sent", async () => {
      await using rig = await Rig.make(client, 1, { "max.message.bytes": "20000" });
      const producer = await rig.producer();
      const values: string[] = [];
      const large = "x".repeat(50_000);
      const results = await Promise.allSettled(
        ["a", large, "b", "c"].map((value) => producer.send(rig.message(value))),
      );
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      expect(results[1]).toMatchObject({ reason: { code: "message-too-large", retryable: false } });
      await rig.consumer({ onBatch: async (batch) => void values.push(...valuesOf(batch)) });
      await arrived(values, 3);
      expect(values).toEqual(["a", "b", "c"]);
    });

    test("a partition that Kafka doesn't have is never acknowledged", async () => {
      await using rig = await Rig.make(client, 2);
      const producer = await rig.producer({ sendTimeoutMs: 1_500 });
      const [lost, sent] = await Promise.allSettled([
        producer.send(rig.message("a", 7)),
        producer.send(rig.message("b", 1)),
      ]);
      expect(lost).toMatchObject({
        status: "rejected",
        reason: { code: "kafka-unavailable", retryable: true, outcome: "unknown" },
      });
      expect(sent).toMatchObject({ status: "fulfilled" });
      expect(producer.waiting).toBe(0);
    });
  });
}
