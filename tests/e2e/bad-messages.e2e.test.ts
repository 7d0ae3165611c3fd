import { randomUUID } from "node:crypto";
import {
  type CommandHeader,
  deadLetterHeaderSchema,
  type EventHeader,
  entityKey,
  packHeader,
  unpackHeader,
} from "@postback/contracts";
import { newId, requestHash } from "@postback/domain";
import { partitionFor, topicNames } from "@postback/kafka";
import { eventually } from "@postback/testkit";
import { Kafka, type KafkaMessage, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { order } from "./rig/orders.ts";
import { partitions, useShopStack } from "./rig/shop-stack.ts";

/** What somebody puts on a topic by hand; `pb` is the packed header. */
interface ByHand {
  readonly pb?: string;
  readonly value: Buffer | null;
}

interface Letter {
  readonly reason: string;
  readonly detail: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly origin: string | undefined;
  readonly value: string | undefined;
}

const shop = useShopStack();
const opened = new AsyncDisposableStack();
const letters: Letter[] = [];
let putByHand: (topic: string, partition: number, messages: readonly ByHand[]) => Promise<number[]>;

beforeAll(async () => {
  const { stack, topicPrefix } = shop();
  const kafka = new Kafka({ clientId: "by-hand", brokers: [...stack.kafka], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `${topicPrefix}reader-of-dead-letters`, maxWaitTimeInMs: 100 });
  opened.defer(() => producer.disconnect());
  opened.defer(() => consumer.disconnect());
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: topicNames(topicPrefix).deadLetters, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void letters.push(readLetter(message)) });
  putByHand = async (topic, partition, messages) => {
    const sent = await producer.send({
      topic,
      messages: messages.map(({ pb, value }) => ({
        partition,
        value,
        ...(pb === undefined ? {} : { headers: { pb } }),
      })),
    });
    const first = Number(sent[0]?.baseOffset);
    return messages.map((_, index) => first + index);
  };
});
afterAll(() => opened.disposeAsync());

function readLetter({ headers, value }: KafkaMessage): Letter {
  const unpacked = unpackHeader(deadLetterHeaderSchema, headers?.["pb"]?.toString());
  if (!unpacked.ok) throw new Error(unpacked.detail);
  return { ...unpacked.header, origin: headers?.["pb-origin"]?.toString(), value: value?.toString("latin1") };
}

/** Each of the messages is in `dead-letters` with its reason, and listed so that an operator finds it. */
async function expectDeadLetters(topic: string, partition: number, offsets: readonly number[], bad: readonly Bad[]) {
  for (const [index, { message, reason, detail }] of bad.entries()) {
    const offset = offsets[index];
    const letter = await eventually(() => {
      const found = letters.filter(
        (each) => each.topic === topic && each.partition === partition && each.offset === offset,
      );
      expect(found).toHaveLength(1);
      return found[0];
    });
    expect(letter).toMatchObject({ reason, detail: expect.stringMatching(detail) });
    expect([letter?.origin, letter?.value]).toEqual([message.pb, message.value?.toString("latin1")]);
    const { rows } = await shop().db.query(
      'SELECT reason, detail, header, body FROM dead_letters WHERE topic = $1 AND partition = $2 AND "offset" = $3',
      [topic, partition, offset],
    );
    const header = message.pb === undefined ? null : Buffer.from(message.pb);
    expect(rows).toEqual([{ reason, detail: letter?.detail, header, body: message.value }]);
  }
}

interface Bad {
  readonly message: ByHand;
  readonly reason: string;
  readonly detail: RegExp;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const notUtf8 = Buffer.from([0x22, 0xff, 0x22]);

/** An order whose commands are, or are not, of this partition. */
function orderOf(partition: number, isThere: boolean) {
  const { tenantId } = shop().stack;
  for (;;) {
    const placing = order(`o-${randomUUID()}`);
    const key = entityKey(tenantId, { type: "order", id: placing.orderId });
    if ((partitionFor(key, partitions) === partition) === isThere) return placing;
  }
}

function commandHeader(placing: ReturnType<typeof order>): CommandHeader {
  const entity = { type: "order", id: placing.orderId };
  const hash = requestHash({ type: "order.place", entity, input: placing });
  const { tenantId: tenant } = shop().stack;
  return { v: 1, id: newId(), type: "order.place", revision: 1, tenant, entity, hash, acceptedAt: Date.now() };
}

test("bad messages on commands are dead letters with their reasons, and the one behind them is carried out", async () => {
  const { api, topicPrefix } = shop();
  const partition = 2;
  const mine = orderOf(partition, true);
  const good = packHeader(commandHeader(mine));
  const foreign = orderOf(partition, false);
  const bad: Bad[] = [
    { message: { value: json(mine) }, reason: "unreadable-header", detail: /missing/ },
    { message: { pb: "{", value: json(mine) }, reason: "unreadable-header", detail: /not JSON/ },
    {
      message: { pb: packHeader({ ...commandHeader(mine), tenant: "nobody" }), value: json(mine) },
      reason: "unreadable-header",
      detail: /tenant/,
    },
    { message: { pb: good, value: Buffer.from('{"orderId":') }, reason: "unreadable-body", detail: /not JSON/ },
    { message: { pb: good, value: notUtf8 }, reason: "unreadable-body", detail: /UTF-8/ },
    { message: { pb: good, value: null }, reason: "unreadable-body", detail: /no body/ },
    {
      message: { pb: packHeader(commandHeader(foreign)), value: json(foreign) },
      reason: "wrong-partition",
      detail: /belongs to partition \d/,
    },
  ];
  const topic = topicNames(topicPrefix).commands;
  const offsets = await putByHand(
    topic,
    partition,
    bad.map(({ message }) => message),
  );
  const behind = await api.accepted("order.place", mine);
  await eventually(async () => expect((await api.operation(behind.id)).status).toBe("succeeded"));
  await expectDeadLetters(topic, partition, offsets, bad);
  const { rows } = await shop().db.query("SELECT id FROM operations");
  expect(rows).toEqual([{ id: behind.id }]);
});

test("bad messages on events are dead letters with their reasons, and the one behind them is brought", async () => {
  const { api, receiver, stack, topicPrefix } = shop();
  await api.createEndpoint({ url: receiver.partner("partner"), events: ["stock.*"] });
  const entity = { type: "sku", id: "sku-1" };
  const partition = partitionFor(entityKey(stack.tenantId, entity), partitions);
  const header: EventHeader = { v: 1, id: newId(), type: "stock.low", tenant: stack.tenantId, acceptedAt: Date.now() };
  const body = json({ type: "stock.low", timestamp: new Date().toISOString(), data: {} });
  const bad: Bad[] = [
    { message: { value: body }, reason: "unreadable-header", detail: /missing/ },
    { message: { pb: "no JSON", value: body }, reason: "unreadable-header", detail: /not JSON/ },
    { message: { pb: packHeader({ ...header, id: "1" }), value: body }, reason: "unreadable-header", detail: /id/ },
    { message: { pb: packHeader(header), value: Buffer.from("{") }, reason: "unreadable-body", detail: /not JSON/ },
    { message: { pb: packHeader(header), value: notUtf8 }, reason: "unreadable-body", detail: /UTF-8/ },
    { message: { pb: packHeader(header), value: null }, reason: "unreadable-body", detail: /no body/ },
  ];
  const topic = topicNames(topicPrefix).events;
  const offsets = await putByHand(
    topic,
    partition,
    bad.map(({ message }) => message),
  );
  const behind = await api.publish({ type: "stock.low", entity, data: { left: 3 } });
  await eventually(() => expect(receiver.of("partner").map(({ webhookId }) => webhookId)).toEqual([behind.id]));
  await expectDeadLetters(topic, partition, offsets, bad);
});
