import { type CommandHeader, entityKey, packHeader } from "@postback/contracts";
import { requestHash, uuidV7At } from "@postback/domain";
import { partitionFor, topicNames } from "@postback/kafka";
import { createTestDatabase, eventually } from "@postback/testkit";
import { Kafka, logLevel } from "kafkajs";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { partitions, useShopStack } from "./rig/shop-stack.ts";

const dayMs = 86_400_000;
const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

const idAt = (timeMs: number) => uuidV7At(timeMs, crypto.getRandomValues(new Uint8Array(10)));

/** Operations of past weeks, by the age of their ids; the last of them is not finished. */
const past = [84, 77, 70].map((daysAgo) => ({ daysAgo, id: idAt(Date.now() - daysAgo * dayMs) }));
const [gone, goneToo, held] = past.map(({ id }) => id);

const shop = useShopStack({
  // What a long life leaves, before the first processor starts.
  databaseUrl: async () => {
    const { url } = opened.use(await createTestDatabase());
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const daysAgo of [...past.map((each) => each.daysAgo), 20]) await makeRange(client, daysAgo);
    for (const { id } of past) await makeOperation(client, id);
    await client.query("UPDATE operations SET status = 'succeeded', completed_at = created_at WHERE id <> $1", [held]);
    await client.end();
    return url;
  },
});

async function makeRange(client: pg.Client, daysAgo: number): Promise<void> {
  for (const table of ["operations", "events", "deliveries"]) {
    await client.query(`DO $$
      DECLARE starts timestamptz := date_trunc('week', now() - interval '${daysAgo} days', 'UTC');
      BEGIN
        EXECUTE format('CREATE TABLE %I PARTITION OF ${table} FOR VALUES FROM (%L) TO (%L)',
          '${table}_' || to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD'), uuid_floor(starts),
          uuid_floor(starts + interval '7 days'));
      END $$`);
  }
}

async function makeOperation(client: pg.Client, id: string): Promise<void> {
  await client.query(
    `INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, position, request_hash,
       input, status) VALUES (gen_random_uuid(), $1, 'order.place', 1, 'order', 'old', 999, 1, 'x', '{}', 'stuck')`,
    [id],
  );
}

const weeks = async () =>
  (await shop().db.query("SELECT id FROM operations WHERE entity_id = 'old' ORDER BY id")).rows.map(({ id }) => id);

test("weeks of finished rows are dropped by the processor; one that an unfinished operation holds stays and is told", async () => {
  await eventually(async () => expect(await weeks()).toEqual([held]));
  const { rows } = await shop().db.query(
    "SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^(operations|events|deliveries)_[0-9]{8}$' AND relkind = 'r'",
  );
  const { rows: attached } = await shop().db.query(
    "SELECT count(*)::int AS n FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r'",
  );
  expect(rows).toEqual(attached);
  for (const id of [gone, goneToo]) {
    expect(await shop().api.ask("GET", `/operations/${id}`)).toMatchObject({ status: 404 });
  }
  await eventually(async () => {
    const metrics = await (await fetch(`${shop().app("processor").healthUrl}/metrics`)).text();
    expect(metrics).toMatch(/^postback_ranges_held\{[^}]*\} 1$/m);
    expect(metrics).toMatch(/^postback_ranges_dropped_total\{[^}]*\} 2$/m);
  });
});

test.each([
  [20, "ends failed, and is not run", async (id: string) => expectFailed(id)],
  [45, "is a dead letter, because the rows of its time are gone", async (id: string) => expectLetter(id)],
])("a command of %i days ago that comes out of the log %s", async (daysAgo, _, expectEnd) => {
  const { stack, topicPrefix, db } = shop();
  const sku = `late-${daysAgo}`;
  const entity = { type: "sku", id: sku };
  const input = { sku, delta: 1 };
  const id = idAt(Date.now() - daysAgo * dayMs);
  const hash = requestHash({ type: "stock.adjust", entity, input });
  const header: CommandHeader = {
    v: 1,
    id,
    type: "stock.adjust",
    revision: 1,
    tenant: stack.tenantId,
    entity,
    hash,
    acceptedAt: Date.now() - daysAgo * dayMs,
  };
  const kafka = new Kafka({ clientId: "by-hand", brokers: [...stack.kafka], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const key = entityKey(stack.tenantId, entity);
  const message = { partition: partitionFor(key, partitions), key, value: JSON.stringify(input) };
  await producer.send({
    topic: topicNames(topicPrefix).commands,
    messages: [{ ...message, headers: { pb: packHeader(header) } }],
  });
  await producer.disconnect();
  await expectEnd(id);
  const { rows } = await db.query("SELECT FROM shop.stock WHERE sku = $1", [sku]);
  expect(rows).toEqual([]);
});

const expectFailed = (id: string) =>
  eventually(async () =>
    expect(await shop().api.operation(id)).toMatchObject({
      status: "failed",
      error: { code: "too-old", rolledBack: true },
    }),
  );

const expectLetter = (id: string) =>
  eventually(async () => {
    const { body } = await shop().api.ask<{ data: unknown[] }>("GET", "/dead-letters?reason=too-old");
    expect(body.data).toMatchObject([{ detail: expect.stringMatching(/no partition/) }]);
    expect(await shop().api.ask("GET", `/operations/${id}`)).toMatchObject({ status: 404 });
  });
