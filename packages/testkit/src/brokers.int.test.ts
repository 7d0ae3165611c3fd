import { Kafka, logLevel } from "kafkajs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations } from "./database/migrations.ts";
import { createTestDatabase, eventually, failureLogs, testBrokers, testTopicPrefix } from "./index.ts";

failureLogs();

describe("the Kafka of a test run", () => {
  const prefix = testTopicPrefix();
  const topic = `${prefix}round-trip`;
  const kafka = new Kafka({ clientId: "testkit", brokers: testBrokers(), logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `${prefix}group`, heartbeatInterval: 500, maxWaitTimeInMs: 100 });

  beforeAll(async () => {
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
    await admin.disconnect();
    await producer.connect();
    await consumer.connect();
  });
  afterAll(() => Promise.all([producer.disconnect(), consumer.disconnect()]));

  it("gives back what was produced, byte for byte, in the partition that was asked for", async () => {
    const value = Buffer.from([0, 1, 254, 255]);
    await producer.send({ topic, acks: -1, messages: [{ partition: 2, key: "order/1", value }] });
    const received: object[] = [];
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        received.push({ partition, key: message.key?.toString(), value: message.value });
      },
    });
    await eventually(() => expect(received).toEqual([{ partition: 2, key: "order/1", value }]));
  });

  it("makes no topic by itself", async () => {
    const hasty = kafka.producer({ retry: { retries: 0 } });
    await hasty.connect();
    const send = hasty.send({ topic: `${prefix}typing-error`, messages: [{ value: "lost" }] });
    await expect(send).rejects.toThrow(/does not host this topic-partition/);
    await hasty.disconnect();
  });
});

describe("the database of a test file", () => {
  it("is migrated, and migrating it again changes nothing", async () => {
    await using database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const ledger = async () => (await client.query("SELECT * FROM _prisma_migrations ORDER BY started_at")).rows;
    const before = await ledger();
    expect(before.length).toBeGreaterThan(0);
    expect(before.every(({ finished_at }) => finished_at !== null)).toBe(true);
    expect(await applyMigrations({ url: database.url })).toEqual([]);
    expect(await ledger()).toEqual(before);
    await client.end();
  });

  it("is its own: what is written in one is not in another", async () => {
    await using one = await createTestDatabase();
    await using other = await createTestDatabase();
    const [writer, reader] = [one, other].map(({ url }) => new pg.Client({ connectionString: url }));
    await Promise.all([writer?.connect(), reader?.connect()]);
    await writer?.query("CREATE TABLE mark (bytes bytea)");
    await writer?.query("INSERT INTO mark VALUES ($1)", [Buffer.from([0, 255])]);
    expect((await writer?.query("SELECT bytes FROM mark"))?.rows).toEqual([{ bytes: Buffer.from([0, 255]) }]);
    await expect(reader?.query("SELECT FROM mark")).rejects.toThrow('relation "mark" does not exist');
    await Promise.all([writer?.end(), reader?.end()]);
  });
});
