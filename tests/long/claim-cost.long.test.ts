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
const rounds = 60;

interface Place {
  db: Database;
  tenantId: string;
  endpointId: string;
}

const opened = new AsyncDisposableStack();
let alone: Place;
let beside: Place;
beforeAll(async () => {
  alone = await aPlace();
  beside = await aPlace();
});
afterAll(() => opened.disposeAsync());

/** A database of its own with an endpoint that claims are made of. */
async function aPlace(): Promise<Place> {
  const { url } = opened.use(await createTestDatabase());
  const logger = { warn: (fields: object, name: string) => console.error(name, fields) };
  const db = openDatabase({ url, applicationName: "claim-cost", poolMax: 2, statementTimeoutMs: 600_000, logger });
  opened.defer(() => db.close());
  const [tenantId, endpointId] = [newId(), newId()];
  await createTenant(db, { id: tenantId, name: "claim-cost" });
  const secret = { algorithm: "v1" as const, keyId: "k", nonce: Buffer.alloc(12), ciphertext: Buffer.alloc(48) };
  await createEndpoint(db, tenantId, { id: endpointId, url: "https://partner.example", events: ["**"], secret });
  return { db, tenantId, endpointId };
}

/** How long a claim of {@link taken} deliveries took, milliseconds. */
async function claimMs({ db, ...endpoint }: Place): Promise<number> {
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
  return performance.now() - startedMs;
}

/** Of the quickest tenth of many, in turn with one another: the machine may be busy, and then is for both. */
async function compareClaims(): Promise<{ aloneMs: number; besideMs: number }> {
  const times: [aloneMs: number, besideMs: number][] = [];
  for (let round = 0; round < rounds; round += 1) times.push([await claimMs(alone), await claimMs(beside)]);
  const quick = (of: readonly number[]) => of.toSorted((a, b) => a - b)[rounds / 10] ?? Number.NaN;
  return { aloneMs: quick(times.map(([ms]) => ms)), besideMs: quick(times.map(([, ms]) => ms)) };
}

async function addBacklog({ db, tenantId }: Place): Promise<void> {
  await db.pool.query(
    `WITH made AS (
       INSERT INTO endpoints (tenant_id, id, url, events, version)
       SELECT $1, uuidv7(), 'https://dead.example', '{**}', 0 FROM generate_series(1, $2::int) RETURNING id)
     INSERT INTO lanes (tenant_id, endpoint_id, due_at, breaker, breaker_until)
     SELECT $1, id, now() + interval '1 hour', '{"state": "open", "openings": 9}', now() + interval '1 hour' FROM made`,
    [tenantId, deadEndpoints],
  );
  for (let made = 0; made < pending; made += madeAtOnce) {
    await addDeliveries(beside, Math.min(madeAtOnce, pending - made));
    console.log(`${Math.min(made + madeAtOnce, pending).toLocaleString("en")} pending`);
  }
  await db.pool.query("VACUUM ANALYZE deliveries, lanes");
  // What making it left to be written is not what claims cost.
  await db.pool.query("CHECKPOINT");
}

/** Of all dead endpoints in turn. */
async function addDeliveries({ db, tenantId }: Place, count: number): Promise<void> {
  await db.pool.query(
    `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
     SELECT $1, uuidv7(), endpoint_id, 'order.placed', 0, 'pending', now() + interval '1 hour'
     FROM lanes, generate_series(1, $2::int) WHERE tenant_id = $1 AND breaker IS NOT NULL`,
    [tenantId, Math.ceil(count / deadEndpoints)],
  );
}

/** The part of a claim that reads deliveries, as Postgres carries it out. */
async function planOf({ db, tenantId, endpointId }: Place): Promise<string> {
  const client = await db.pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL enable_sort = off");
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT event_id FROM deliveries
       WHERE endpoint_id = $1 AND tenant_id = $2 AND status IN ('pending', 'sending') AND next_attempt_at <= now()
       ORDER BY next_attempt_at LIMIT ${taken}`,
      [endpointId, tenantId],
    );
    await client.query("ROLLBACK");
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  } finally {
    client.release();
  }
}

test(`a claim costs the same with ${pending.toLocaleString("en")} pending deliveries of ${deadEndpoints} dead endpoints as with none`, async () => {
  const startedMs = performance.now();
  await addBacklog(beside);
  const madeInS = (performance.now() - startedMs) / 1000;
  await compareClaims();
  const { aloneMs, besideMs } = await compareClaims();
  console.log(
    `claim of ${taken}: ${aloneMs.toFixed(2)} ms alone, ${besideMs.toFixed(2)} ms beside ${pending} (made in ${madeInS.toFixed(0)} s)\n${await planOf(beside)}`,
  );
  // Deeper indexes and a colder cache, but nothing that grows with the backlog.
  expect(besideMs).toBeLessThan(aloneMs * 1.5 + 1);
});
