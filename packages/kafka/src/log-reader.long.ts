import { eventually, startKafka } from "@postback/testkit";
import { expect, test } from "vitest";
import { testConnection } from "./conformance/rig.ts";
import { createProducer, ensureTopics, openLogReader } from "./index.ts";

const TOPIC = "read";
const PARTITIONS = 6;
const bounds = { maxWaitMs: 100, maxBytesPerPartition: 1024 * 1024, maxBytes: 4 * 1024 * 1024 };

test("a log reader reads on, in order and all of it, through the death and return of each of three brokers", async () => {
  await using kafka = await startKafka({ nodes: 3, profile: "test" });
  const connection = testConnection(kafka.brokers);
  await ensureTopics(connection, [{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }]);
  const producer = await createProducer(connection, { sendTimeoutMs: 60_000 });
  const reader = openLogReader(connection, TOPIC);
  const next = new Map(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0]));
  const seen: string[] = [];
  let failures = 0;
  const readOnce = async () => {
    try {
      for (const { partition, messages, nextOffset } of await reader.read(next, bounds)) {
        seen.push(...messages.map(({ offset, value }) => `${partition}/${offset}/${value}`));
        next.set(partition, nextOffset);
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "kafka-unavailable", retryable: true });
      failures += 1;
    }
  };
  const sent: string[] = [];
  const send = async (value: string) => {
    for (const partition of next.keys()) {
      const { offset } = await producer.send({ topic: TOPIC, partition, key: null, value, header: "{}" });
      sent.push(`${partition}/${offset}/${value}`);
    }
  };
  const readAll = () =>
    eventually(
      async () => {
        await readOnce();
        expect(sent.filter((each) => !seen.includes(each))).toEqual([]);
      },
      { timeoutMs: 60_000 },
    );
  for (const victim of [0, 1, 2]) {
    await send(`before ${victim}`);
    await readAll();
    await kafka.kill(victim);
    await send(`without ${victim}`);
    await readAll();
    await kafka.restart(victim);
    await send(`after ${victim}`);
    await readAll();
  }
  expect(new Set(seen).size).toBe(seen.length);
  console.log(`read ${seen.length} of ${sent.length} sent; ${failures} reads failed meanwhile`);
  await Promise.all([reader.close(), producer.close()]);
});
