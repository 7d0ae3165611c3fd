import {
  claimDue,
  createEndpoint,
  createTenant,
  type Database,
  openDatabase,
  recordOutcomes,
} from "@postback/database";
import { LIVE, newId } from "@postback/domain";
import { createTestDatabase } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Pending deliveries of dead endpoints; ten million take minutes to make and some 5 GB. */
const pending = Number(process.env["LONG_PENDING_DELIVERIES"] ?? 1_000_000);
const deadEndpoints = 1_000;
/** Deliveries made with one statement: a timeout cancels a longer one, and each tells how far it is. */
const madeAtOnce = 500_000;
const taken = 5;
const rounds = 40;

const opened = new AsyncDisposableStack();
let db: Database;
let endpoint: { tenantId: string; endpointId: string };
beforeAll(async () => {
  const database = opened.use(await createTestDatabase());
  const logger = { warn: (fields: object, name: string) => console.error(name, fields) };
  db = openDatabase({
    url: database.url,
    applicationName: "claim-cost",
    poolMax: 2,
    statementTimeoutMs: 600_000,
    logger,
  });
  opened.defer(() => db.close());
  endpoint = await anEndpoint();
});
afterAll(() => opened.disposeAsync());

async function anEndpoint() {
  const [tenantId, id] = [newId(), newId()];
  await createTenant(db, { id: tenantId, name: "claim-cost" });
  const secret = { algorithm: "v1" as const, keyId: "k", nonce: Buffer.alloc(12), ciphertext: Buffer.alloc(48) };
  await createEndpoint(db, tenantId, { id, url: "https://partner.example", events: ["**"], secret });
  return { tenantId, endpointId: id };
}

/** Time of a claim of {@link taken} deliveries, milliseconds: of the quickest tenth of many, as the machine may be busy. */
async function claimMs(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const events = Array.from({ length: taken }, () => ({
      tenantId: endpoint.tenantId,
      id: newId(),
      type: "order.placed",
      partition: 0,
      body: "{}",
      acceptedAtMs: Date.now(),
    }));
    const deliveries = events.map(({ id }) => ({
      ...endpoint,
      eventId: id,
      replay: LIVE,
      eventType: "order.placed",
      partition: 0,
      status: "pending" as const,
      dueInMs: 0,
    }));
    await recordOutcomes(db, { events, deliveries, progress: [], pauses: [] });
    const startedMs = performance.now();
    const allowanceOf = () => ({ max: taken, leaseMs: 600_000, againInMs: 600_000 });
    expect(await claimDue(db, { owner: "me", lanesMax: 100, allowanceOf })).toHaveLength(taken);
    times.push(performance.now() - startedMs);
  }
  return times.toSorted((a, b) => a - b)[rounds / 10] ?? Number.NaN;
}

async function addBacklog(): Promise<void> {
  await db.pool.query(
    `WITH made AS (
       INSERT INTO endpoints (tenant_id, id, url, events, version)
       SELECT $1, uuidv7(), 'https://dead.example', '{**}', 0 FROM generate_series(1, $2::int) RETURNING id)
     INSERT INTO lanes (tenant_id, endpoint_id, due_at, breaker, breaker_until)
     SELECT $1, id, now() + interval '1 hour', '{"state": "open", "openings": 9}', now() + interval '1 hour' FROM made`,
    [endpoint.tenantId, deadEndpoints],
  );
  for (let made = 0; made < pending; made += madeAtOnce) {
    await addDeliveries(Math.min(madeAtOnce, pending - made));
    console.log(`${Math.min(made + madeAtOnce, pending).toLocaleString("en")} pending`);
  }
  await db.pool.query("VACUUM ANALYZE deliveries, lanes");
}

/** Of all dead endpoints in turn. */
async function addDeliveries(count: number): Promise<void> {
  await db.pool.query(
    `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
     SELECT $1, uuidv7(), endpoint_id, 'order.placed', 0, 'pending', now() + interval '1 hour'
     FROM lanes, generate_series(1, $2::int) WHERE tenant_id = $1 AND breaker IS NOT NULL`,
    [endpoint.tenantId, Math.ceil(count / deadEndpoints)],
  );
}

/** The part of a claim that reads deliveries, as Postgres carries it out. */
async function planOf(): Promise<string> {
  const client = await db.pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL enable_sort = off");
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT event_id FROM deliveries
       WHERE endpoint_id = $1 AND tenant_id = $2 AND status IN ('pending', 'sending') AND next_attempt_at <= now()
       ORDER BY next_attempt_at LIMIT ${taken}`,
      [endpoint.endpointId, endpoint.tenantId],
    );
    await client.query("ROLLBACK");
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  } finally {
    client.release();
  }
}

test(`a claim costs the same with ${pending.toLocaleString("en")} pending deliveries of ${deadEndpoints} dead endpoints as with none`, async () => {
  await claimMs();
  const alone = await claimMs();
  const startedMs = performance.now();
  await addBacklog();
  const madeInS = (performance.now() - startedMs) / 1000;
  await claimMs();
  const beside = await claimMs();
  console.log(
    `claim of ${taken}: ${alone.toFixed(2)} ms alone, ${beside.toFixed(2)} ms beside ${pending} (made in ${madeInS.toFixed(0)} s)\n${await planOf()}`,
  );
  // Deeper indexes and a colder cache, but nothing that grows with the backlog.
  expect(beside).toBeLessThan(alone * 1.5 + 1);
});
