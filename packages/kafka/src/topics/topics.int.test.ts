import { testTopicPrefix } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { testConnection } from "../conformance/rig.ts";
import { describeTopics, ensureTopics, topicNames, waitForKafka } from "../index.ts";

describe("topics", () => {
  test("those that lack are made with their settings, by two processes at once, and the others stay", async () => {
    const connection = testConnection();
    const { commands, events, queue } = topicNames(testTopicPrefix());
    const spec = (name: string, partitions: number) => ({
      name,
      partitions,
      replicationFactor: 1,
      configs: { "min.insync.replicas": "1" },
    });
    await ensureTopics(connection, [spec(commands, 3)]);
    const specs = [spec(commands, 99), spec(events, 2), spec(queue("payments"), 1)];
    await Promise.all([ensureTopics(connection, specs), ensureTopics(connection, specs)]);
    const found = await describeTopics(connection, [commands, events, queue("payments"), "absent"]);
    expect(found.map(({ name, partitions }) => [name, partitions])).toEqual([
      [commands, 3],
      [events, 2],
      [queue("payments"), 1],
    ]);
    expect(found[0]).toMatchObject({
      replicationFactor: 1,
      minInsyncReplicas: 1,
      uncleanLeaderElection: false,
      leaderless: [],
    });
  });

  test("made again, nothing is made", async () => {
    const connection = testConnection();
    const spec = { name: topicNames(testTopicPrefix()).events, partitions: 1, replicationFactor: 1 };
    expect(await ensureTopics(connection, [spec])).toEqual([spec.name]);
    expect(await ensureTopics(connection, [spec])).toEqual([]);
  });

  test("more replicas than there are brokers is an error, not a topic", async () => {
    const spec = { name: topicNames(testTopicPrefix()).events, partitions: 1, replicationFactor: 9 };
    await expect(ensureTopics(testConnection(), [spec])).rejects.toThrow(/replication/i);
  });
});

describe("waiting for Kafka", () => {
  test("ends as soon as a broker answers", async () => {
    await waitForKafka(testConnection());
  });

  test("says in time which addresses were tried, and what to do", async () => {
    const startedMs = performance.now();
    const waiting = waitForKafka(testConnection(["127.0.0.1:1", "127.0.0.1:2"]), { timeoutMs: 1_000 });
    await expect(waiting).rejects.toMatchObject({
      code: "kafka-unavailable",
      message: expect.stringMatching(/127\.0\.0\.1:1, 127\.0\.0\.1:2.*KAFKA_BROKERS/),
    });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
