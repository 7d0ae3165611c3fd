import { describe, expect, test } from "vitest";
import { arrived, type Client, Rig, testConnection, valuesOf } from "./rig.ts";

const THROWN: [string, unknown][] = [
  ["Error", new Error("broken")],
  ["TypeError", new TypeError("broken")],
  ["RangeError", new RangeError("broken")],
  ["ReferenceError", new ReferenceError("broken")],
  ["SyntaxError", new SyntaxError("broken")],
  ["text", "broken"],
];

export function describeFailures(client: Client): void {
  describe("failures", { concurrent: true }, () => {
    test.each(THROWN)(
      "a handler that throws %s ends the consumer aloud, once, and its messages go to another member",
      async (_, thrown) => {
        await using rig = await Rig.make(client, 1);
        await rig.sendNumbers(2);
        const fatal: Error[] = [];
        const values: string[] = [];
        await rig.consumer({
          onFatal: (error) => void fatal.push(error),
          onBatch: () => {
            throw thrown;
          },
        });
        await arrived(fatal, 1);
        expect(fatal).toMatchObject([
          { code: "consumer-failed", retryable: false, cause: thrown, message: expect.stringContaining("broken") },
        ]);
        await rig.consumer({ onBatch: async (batch) => void values.push(...valuesOf(batch)) });
        await arrived(values, 2);
        expect([fatal.length, values]).toEqual([1, ["0", "1"]]);
      },
    );

    test("a caller that can't take its first partitions gets no consumer, and no batch", async () => {
      await using rig = await Rig.make(client, 1);
      await rig.sendNumbers(1);
      const batches: unknown[] = [];
      const consumer = rig.consumer({
        onAssigned: () => Promise.reject(new Error("no database")),
        onBatch: async (batch) => void batches.push(batch),
      });
      await expect(consumer).rejects.toMatchObject({
        code: "consumer-failed",
        message: expect.stringContaining("no database"),
      });
      expect(batches).toEqual([]);
    });

    test("a caller that can't take its partitions after a rebalance ends the consumer aloud", async () => {
      await using rig = await Rig.make(client, 2);
      const fatal: Error[] = [];
      await rig.consumer({
        onAssigned: async (_, { generation }) => {
          if (generation > 1) throw new Error("no database");
        },
        onBatch: async () => {},
        onFatal: (error) => void fatal.push(error),
      });
      await rig.consumer({ onBatch: async () => {} });
      await arrived(fatal, 1);
      expect(fatal[0]?.message).toContain("no database");
    });

    test("without a broker, neither a producer nor a consumer begins, and both say where they looked", async () => {
      const connection = testConnection(["127.0.0.1:1"]);
      const looked = { code: "kafka-unavailable", retryable: true, message: expect.stringContaining("127.0.0.1:1") };
      await expect(client.createProducer(connection)).rejects.toMatchObject(looked);
      const consumer = client.startConsumer({
        connection,
        groupId: "g",
        topics: ["t"],
        onBatch: async () => {},
        onFatal: () => {},
      });
      await expect(consumer).rejects.toMatchObject(looked);
    });
  });
}
