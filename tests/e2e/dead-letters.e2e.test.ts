import { randomUUID } from "node:crypto";
import {
  type CommandHeader,
  type DeadLetter,
  entityKey,
  packHeader,
  type RedrivenDeadLetters,
} from "@postback/contracts";
import { newId, requestHash } from "@postback/domain";
import { partitionFor, topicNames } from "@postback/kafka";
import { eventually } from "@postback/testkit";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Answer } from "./rig/api-client.ts";
import { order } from "./rig/orders.ts";
import { partitions, useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();
const opened = new AsyncDisposableStack();
let producer: Producer;

beforeAll(async () => {
  const kafka = new Kafka({ clientId: "by-hand", brokers: [...shop().stack.kafka], logLevel: logLevel.NOTHING });
  producer = kafka.producer();
  opened.defer(() => producer.disconnect());
  await producer.connect();
});
afterAll(() => opened.disposeAsync());

interface Command {
  readonly header: CommandHeader;
  readonly input: unknown;
}

function command(type: string, entity: CommandHeader["entity"], input: unknown): Command {
  const { tenantId: tenant } = shop().stack;
  const hash = requestHash({ type, entity, input });
  return { header: { v: 1, id: newId(), type, revision: 1, tenant, entity, hash, acceptedAt: Date.now() }, input };
}

const partitionOf = ({ header }: Command) => partitionFor(entityKey(header.tenant, header.entity), partitions);

/** Puts commands on their topic, past the API. */
async function put(partition: number, commands: readonly (Command & { pb?: string })[]): Promise<void> {
  await producer.send({
    topic: topicNames(shop().topicPrefix).commands,
    messages: commands.map(({ header, input, pb = packHeader(header) }) => ({
      partition,
      key: entityKey(header.tenant, header.entity),
      value: JSON.stringify(input),
      headers: { pb },
    })),
  });
}

const ask = <T>(method: string, path: string, body?: object): Promise<Answer<T>> =>
  shop().api.ask<T>(method, `/dead-letters${path}`, body);

/** Waits until so many letters of a reason are listed. */
const listed = (reason: string, count: number): Promise<DeadLetter[]> =>
  eventually(async () => {
    const { body } = await ask<{ data: DeadLetter[] }>("GET", `?reason=${reason}&status=open`);
    expect(body.data).toHaveLength(count);
    return body.data;
  });

const ended = (id: string) => eventually(async () => expect((await shop().api.operation(id)).status).toBe("succeeded"));

test("a message that nobody can read is listed to no tenant", async () => {
  const mine = command("stock.adjust", { type: "sku", id: "nobody-1" }, { sku: "nobody-1", delta: 1 });
  await put(partitionOf(mine), [{ ...mine, pb: packHeader({ ...mine.header, v: 2 }) }]);
  const rows = await eventually(async () => {
    const found = await shop().db.query("SELECT tenant_id FROM dead_letters WHERE reason = 'unreadable-header'");
    expect(found.rows).toHaveLength(1);
    return found.rows;
  });
  expect(rows).toEqual([{ tenant_id: null }]);
  expect((await ask<{ data: DeadLetter[] }>("GET", "")).body.data).toEqual([]);
});

test("a command in the wrong partition is given up, and carried out where it belongs when it is redriven", async () => {
  const placing = order(`o-${randomUUID()}`);
  const mine = command("order.place", { type: "order", id: placing.orderId }, placing);
  await put((partitionOf(mine) + 1) % partitions, [mine]);
  const [letter] = await listed("wrong-partition", 1);
  expect(letter).toMatchObject({
    tenantId: shop().stack.tenantId,
    detail: expect.stringMatching(/belongs to partition/),
  });
  const redriven = await ask<DeadLetter>("POST", `/${letter?.id}/redrive`);
  expect(redriven).toMatchObject({ status: 200, body: { redrivenTo: { partition: partitionOf(mine) } } });
  await ended(mine.header.id);
  expect((await ask("POST", `/${letter?.id}/redrive`)).status).toBe(409);
});

test("commands that the database refused are carried out after a redrive, in their order, and once", async () => {
  const { api, db } = shop();
  const sku = `late-${randomUUID()}`;
  const adjust = (delta: number) => command("stock.adjust", { type: "sku", id: sku }, { sku, delta });
  const commands = [adjust(1), adjust(2), adjust(3), adjust(4)];
  const partition = partitionOf(adjust(0));
  await db.query("ALTER TABLE operations ADD CONSTRAINT refused CHECK (entity_id NOT LIKE 'late-%') NOT VALID");
  await put(partition, commands);
  const letters = await listed("rejected-by-database", commands.length);
  expect(letters.map(({ detail }) => detail)).toEqual(letters.map(() => expect.stringMatching(/refused/)));
  await db.query("ALTER TABLE operations DROP CONSTRAINT refused");
  const filter = { reason: "rejected-by-database" };
  const counted = await ask<RedrivenDeadLetters>("POST", "/redrive", { ...filter, dryRun: true });
  expect(counted.body).toEqual({ count: commands.length, more: false, dryRun: true });
  expect((await ask<RedrivenDeadLetters>("POST", "/redrive", filter)).body).toMatchObject({ count: commands.length });
  // A letter that is sent twice is met by its operation.
  expect((await ask("POST", `/${letters[0]?.id}/redrive?force=true`)).status).toBe(200);
  const last = await api.accepted("stock.adjust", { sku, delta: 5 });
  await ended(last.id);
  const { rows } = await db.query("SELECT id, status FROM operations WHERE entity_id = $1 ORDER BY position", [sku]);
  expect(rows).toEqual(
    [...commands.map(({ header }) => header.id), last.id].map((id) => ({ id, status: "succeeded" })),
  );
  const { rows: stock } = await db.query("SELECT quantity FROM shop.stock WHERE sku = $1", [sku]);
  expect(stock.map(({ quantity }) => Number(quantity))).toEqual([15]);
});

test("an event that could not be recorded is brought and recorded after a redrive, though its number was seen", async () => {
  const { api, db, receiver } = shop();
  const endpoint = await api.createEndpoint({ url: receiver.partner("late"), events: ["order.placed"] });
  await db.query("ALTER TABLE deliveries ADD CONSTRAINT refused CHECK (event_type <> 'order.placed') NOT VALID");
  const placed = await api.accepted("order.place", order(`o-${randomUUID()}`));
  const [letter] = await listed("rejected-by-database", 1);
  expect(letter).toMatchObject({ topic: topicNames(shop().topicPrefix).events, tenantId: shop().stack.tenantId });
  await db.query("ALTER TABLE deliveries DROP CONSTRAINT refused");
  // Numbers above its own are seen by now.
  const next = await api.accepted("order.place", { ...order(`o-${randomUUID()}`) });
  await Promise.all([ended(placed.id), ended(next.id)]);
  expect((await ask("POST", `/${letter?.id}/redrive`)).status).toBe(200);
  const { rows } = await db.query("SELECT id FROM events WHERE type = 'order.placed' AND operation_id = $1", [
    placed.id,
  ]);
  const eventId: string = rows[0]?.id;
  await eventually(async () => {
    const deliveries = await api.deliveriesOf(endpoint.id);
    expect(deliveries.filter((each) => each.eventId === eventId)).toMatchObject([{ status: "delivered" }]);
  });
  const arrived = receiver.of("late").filter(({ webhookId }) => webhookId === eventId);
  expect(arrived.length).toBeGreaterThanOrEqual(2);
});
