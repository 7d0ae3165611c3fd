import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, connectAdmin, createProducer, ensureTopics, readGroupPositions } from "@postback/kafka";
import { createLogger } from "@postback/runtime";
import { eventually, testBrokers, testTopicPrefix } from "@postback/testkit";
import { expect, test } from "vitest";
import { type CarryOptions, carryCommands } from "./carry.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const connection = { brokers: testBrokers(), clientId: "carry", logger };

/** Partitions take their time to be taken, so that the first batch waits at the door; and it is done the moment that it comes. */
function doneAtOnce(): CarryOptions<"assigned" | "connect" | "consume" | "handOver">["processing"] {
  let consumer: Consumer | undefined;
  return {
    assigned: () => sleep(500),
    connect: (given) => {
      consumer = given;
    },
    consume: async ({ topic, partition, generation, messages }) => {
      for (const { offset } of messages) consumer?.done(topic, partition, offset, generation);
    },
    handOver: async () => {},
  };
}

test("a first batch that is done as soon as the consumer has started is committed", async () => {
  const prefix = testTopicPrefix();
  const topic = `${prefix}commands`;
  await ensureTopics(connection, [{ name: topic, partitions: 1, replicationFactor: 1, configs: {} }]);
  const producer = await createProducer(connection);
  await producer.send({ topic, partition: 0, key: "key", value: "value", header: "{}" });
  await producer.close();
  const fatal: Error[] = [];
  const carrying = await carryCommands({
    config: { TOPIC_PREFIX: prefix },
    connection,
    processing: doneAtOnce(),
    onFatal: (error) => fatal.push(error),
    logger,
  });
  await using admin = await connectAdmin(connection);
  await eventually(async () => {
    const positions = await readGroupPositions(admin, `${prefix}processor`, topic);
    expect(positions).toEqual([{ partition: 0, committed: 1, end: 1 }]);
  }).finally(() => carrying.stop());
  expect(fatal).toEqual([]);
});
