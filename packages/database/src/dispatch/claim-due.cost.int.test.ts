import type pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../open-database.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anEndpoint, aTenant, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { claimDue } from "./claim-due.ts";
import { recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();
const taken = 5;
/** Pages that a claim may touch more because indexes are deeper and statistics are there. */
const moreMaxPages = 80;

interface Plan {
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
}

/** Runs the statements on one session that tells each one's plan, as it was carried out, and counts the pages it touched. */
async function measuring(): Promise<{ db: Database; pages(): number; statements(): number }> {
  const client = await rig.connect();
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
    SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off; SET auto_explain.log_format = json;
    SET client_min_messages = log`);
  let pages = 0;
  let statements = 0;
  client.on("notice", ({ message }) => {
    if (!message?.includes("plan:")) return;
    const { Plan: plan } = JSON.parse(message.slice(message.indexOf("{"))) as { Plan: Plan };
    pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
    statements += 1;
  });
  const pool = { connect: async () => Object.assign(client, { release: () => undefined }) as unknown as pg.PoolClient };
  return { db: { pool } as unknown as Database, pages: () => pages, statements: () => statements };
}

/**
 * Pages that a claim of {@link taken} deliveries touches. The most of several, in a new session: prepared statements
 * are planned for their values at first and for any values later.
 */
async function claimPages(endpoint: EndpointKey): Promise<number> {
  const { db, pages, statements } = await measuring();
  const costs: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    await recordOutcomes(rig.db, outcomesOf(Array.from({ length: taken }, () => aDelivery(endpoint))));
    const before = pages();
    const allowanceOf = () => ({ max: taken, leaseMs: 60_000, againInMs: 60_000 });
    const claimed = await claimDue(db, { owner: "me", lanesMax: 100, allowanceOf });
    expect(claimed).toHaveLength(taken);
    costs.push(pages() - before);
  }
  expect(statements()).toBe(16);
  return Math.max(...costs);
}

interface Backlog {
  endpoints: number;
  deliveriesEach: number;
  /** Of each delivery and its lane, an interval from now. */
  dueIn: string;
}

async function addBacklog(tenantId: string, { endpoints, deliveriesEach, dueIn }: Backlog): Promise<void> {
  await rig.query(
    `WITH made AS (
       INSERT INTO endpoints (tenant_id, id, url, events, version)
       SELECT $1, uuidv7(), 'https://dead.example', '{**}', 0 FROM generate_series(1, $2) RETURNING tenant_id, id),
     lane AS (
       INSERT INTO lanes (tenant_id, endpoint_id, due_at) SELECT tenant_id, id, now() + $4::interval FROM made),
     due AS (SELECT id AS endpoint_id, uuidv7() AS event_id FROM made, generate_series(1, $3)),
     told AS (
       INSERT INTO events (tenant_id, id, type, partition, body, accepted_at)
       SELECT $1, event_id, 'order.placed', 0, '{}', now() FROM due)
     INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
     SELECT $1, event_id, endpoint_id, 'order.placed', 0, 'pending', now() + $4::interval FROM due`,
    [tenantId, endpoints, deliveriesEach, dueIn],
  );
}

describe("the cost of a claim", () => {
  let endpoint: EndpointKey;
  let alone: number;

  beforeAll(async () => {
    endpoint = await anEndpoint(rig.db, { tenantId: await aTenant(rig.db) });
    alone = await claimPages(endpoint);
    await addBacklog(endpoint.tenantId, { endpoints: 100, deliveriesEach: 500, dueIn: "1 hour" });
  });

  it("doesn't grow with 50,000 deliveries that wait for 100 dead endpoints", async () => {
    expect((await rig.query("SELECT FROM deliveries WHERE status = 'pending' LIMIT 50001")).length).toBe(50_000);
    expect(await claimPages(endpoint)).toBeLessThanOrEqual(alone + moreMaxPages);
  });

  it("nor when Postgres has counted them", async () => {
    await rig.query("ANALYZE");
    expect(await claimPages(endpoint)).toBeLessThanOrEqual(alone + moreMaxPages);
  });

  it("nor by what else is due of the very endpoint that it takes some of, or may take none of", async () => {
    await addBacklog(endpoint.tenantId, { endpoints: 1, deliveriesEach: 6_000, dueIn: "-1 hour" });
    await rig.query("UPDATE lanes SET due_at = NULL WHERE endpoint_id = $1", [endpoint.endpointId]);
    const { db, pages } = await measuring();
    const claimOf = (max: number) =>
      claimDue(db, { owner: "me", lanesMax: 1, allowanceOf: () => ({ max, leaseMs: 60_000, againInMs: 0 }) });
    expect(await claimOf(0)).toEqual([]);
    expect(pages()).toBeLessThanOrEqual(alone);
    const before = pages();
    expect(await claimOf(taken)).toHaveLength(taken);
    expect(pages() - before).toBeLessThanOrEqual(alone + moreMaxPages);
  });

  it("nor by what waits for its time of the very endpoint whose few due ones it takes", async () => {
    await rig.query("UPDATE lanes SET due_at = NULL");
    const waiting = await anEndpoint(rig.db, { tenantId: endpoint.tenantId });
    await rig.query(
      `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
       SELECT $1, uuidv7(), $2, 'order.placed', 0, 'pending', now() + interval '1 hour' FROM generate_series(1, 6000)`,
      [waiting.tenantId, waiting.endpointId],
    );
    await recordOutcomes(rig.db, outcomesOf(Array.from({ length: taken }, () => aDelivery(waiting))));
    const { db, pages } = await measuring();
    const allowanceOf = () => ({ max: 10 * taken, leaseMs: 60_000, againInMs: 0 });
    expect(await claimDue(db, { owner: "me", lanesMax: 1, allowanceOf })).toHaveLength(taken);
    expect(pages()).toBeLessThanOrEqual(alone + moreMaxPages);
  });
});
