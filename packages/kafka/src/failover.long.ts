import { setTimeout as sleep } from "node:timers/promises";
import { eventually, startKafka } from "@postback/testkit";
import { expect, test } from "vitest";
import { testConnection } from "./conformance/rig.ts";
import {
  createProducer,
  ensureTopics,
  type KafkaConnection,
  type PartitionBatch,
  type Producer,
  partitionFor,
  startConsumer,
} from "./index.ts";

const PARTITIONS = 12;
const TOPIC = "failover";

/** What a consumer saw: every value that it was handed, by partition and offset. */
class Seen {
  readonly byPlace = new Map<string, string>();
  readonly values = new Set<string>();
  readonly firstOfPartition = new Map<number, number[]>();

  add({ partition, messages }: PartitionBatch): void {
    for (const { offset, value } of messages) {
      const text = String(value);
      this.byPlace.set(`${partition}/${offset}`, text);
      if (this.values.has(text)) continue;
      this.values.add(text);
      const firsts = this.firstOfPartition.get(partition) ?? [];
      this.firstOfPartition.set(partition, firsts);
      firsts.push(Number(text));
    }
  }
}

interface Sent {
  acknowledged: { value: string; place: string }[];
  failed: unknown[];
}

/** Sends numbered messages, some every few ms, until told to stop; resolves when each has its outcome. */
async function sendUntil(producer: Producer, stop: AbortSignal): Promise<Sent> {
  const sent: Sent = { acknowledged: [], failed: [] };
  const outcomes: Promise<unknown>[] = [];
  for (let next = 0; !stop.aborted; await sleep(5)) {
    for (let i = 0; i < 3; i += 1, next += 1) {
      const value = String(next);
      const partition = partitionFor(value, PARTITIONS);
      const outcome = producer.send({ topic: TOPIC, partition, key: value, value, header: "{}" });
      outcomes.push(
        outcome.then(
          ({ offset }) => sent.acknowledged.push({ value, place: `${partition}/${offset}` }),
          (error: unknown) => sent.failed.push(error),
        ),
      );
    }
  }
  await Promise.all(outcomes);
  return sent;
}

async function consume(connection: KafkaConnection, seen: Seen, fatal: Error[]) {
  const consumer = await startConsumer({
    connection,
    groupId: "failover",
    topics: [TOPIC],
    onBatch: async (batch) => {
      seen.add(batch);
      for (const { offset } of batch.messages) consumer.done(batch.topic, batch.partition, offset, batch.generation);
    },
    onFatal: (error) => void fatal.push(error),
  });
  return consumer;
}

const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

test.each([0, 1, 2])(
  "killing broker %i of three during produce loses no acknowledged message, keeps their order, and no consumer ends",
  async (victim) => {
    await using kafka = await startKafka({ nodes: 3, profile: "test" });
    const connection = testConnection(kafka.brokers);
    await ensureTopics(connection, [{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }]);
    const seen = new Seen();
    const fatal: Error[] = [];
    const consumer = await consume(connection, seen, fatal);
    const producer = await createProducer(connection);
    const stop = new AbortController();
    const sending = sendUntil(producer, stop.signal);
    await sleep(2_000);
    await kafka.kill(victim);
    await sleep(8_000);
    await kafka.restart(victim);
    await sleep(5_000);
    stop.abort();
    const { acknowledged, failed } = await sending;
    await eventually(() => expect(acknowledged.filter(({ value }) => !seen.values.has(value))).toEqual([]), {
      timeoutMs: 30_000,
    });
    expect(acknowledged.length).toBeGreaterThan(1_000);
    expect(failed).toEqual([]);
    expect(acknowledged.filter(({ value, place }) => seen.byPlace.get(place) !== value)).toEqual([]);
    for (const firsts of seen.firstOfPartition.values()) expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    expect(fatal).toEqual([]);
    const duplicates = seen.byPlace.size - seen.values.size;
    console.log(`acknowledged ${acknowledged.length}, lost 0, in the log twice ${duplicates}, broker ${victim}`);
    await Promise.all([consumer.stop(), producer.close()]);
  },
);

test("the only broker may restart: producer and consumer go on, and no connection is left behind", async () => {
  await using kafka = await startKafka({ profile: "test" });
  const connection = testConnection(kafka.brokers);
  await ensureTopics(connection, [{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 1 }]);
  const seen = new Seen();
  const fatal: Error[] = [];
  const consumer = await consume(connection, seen, fatal);
  const producer = await createProducer(connection, { sendTimeoutMs: 30_000 });
  const send = (value: string) => producer.send({ topic: TOPIC, partition: 0, key: null, value, header: "{}" });
  await send("0");
  await eventually(() => expect(seen.values.size).toBe(1));
  const socketsBefore = openSockets();
  for (let round = 1; round <= 3; round += 1) {
    await kafka.kill(0);
    const sent = send(String(round));
    await kafka.restart(0);
    await sent;
    await eventually(() => expect(seen.values).toContain(String(round)), { timeoutMs: 30_000 });
  }
  expect(fatal).toEqual([]);
  await eventually(() => expect(openSockets()).toBeLessThanOrEqual(socketsBefore + 2));
  await Promise.all([consumer.stop(), producer.close()]);
});
