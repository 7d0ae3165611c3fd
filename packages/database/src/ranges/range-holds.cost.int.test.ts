import { beforeAll, expect, it } from "vitest";
import type { Database } from "../open-database.ts";
import { useDatabase } from "../test-rig.ts";
import { ownPartition } from "../test-rows.ts";
import { rangeHolds } from "./range-holds.ts";

const rig = useDatabase();
const finishedRows = 50_000;
/** Pages of the tables are some thousands; the indexes that have unfinished rows alone are next to nothing. */
const pagesMax = 50;

interface Plan {
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
}

let week: string;

beforeAll(async () => {
  const [row] = await rig.query<{ week: string; starts: Date }>(
    `SELECT to_char(starts, 'YYYYMMDD') AS week, starts AT TIME ZONE 'UTC' AS starts
     FROM (SELECT date_trunc('week', now() AT TIME ZONE 'UTC') - interval '10 weeks' AS starts) AS w`,
  );
  if (!row) throw new Error("a week");
  week = row.week;
  for (const table of ["operations", "events", "deliveries"]) {
    await rig.query(`DO $$ BEGIN EXECUTE format('CREATE TABLE ${table}_${week} PARTITION OF ${table}
      FOR VALUES FROM (%L) TO (%L)', uuid_floor('${row.starts.toISOString()}'),
      uuid_floor(timestamptz '${row.starts.toISOString()}' + interval '7 days')); END $$`);
  }
  const { partition, epoch } = await ownPartition(rig.db);
  await rig.query("INSERT INTO watermarks (partition, published_number) VALUES ($1, $2)", [partition, finishedRows]);
  await rig.query(
    `WITH ids AS (
       SELECT n, uuidv7(($1::timestamptz + interval '1 day') - now()) AS id, gen_random_uuid() AS tenant
       FROM generate_series(1, $2::integer) AS n),
     done AS (
       INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, position, request_hash,
         input, status, completed_at)
       SELECT tenant, id, 'order.place', 1, 'order', n::text, $3, n, 'x', '{}', 'succeeded', now() FROM ids),
     told AS (
       INSERT INTO events (tenant_id, id, type, partition, number, operation_id, body, accepted_at)
       SELECT tenant, id, 'order.placed', $3, n, id, '{}', now() FROM ids)
     INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, completed_at)
     SELECT tenant, id, gen_random_uuid(), 'order.placed', $3, 'delivered', now() FROM ids`,
    [row.starts, finishedRows, partition],
  );
  // What is unfinished in this week is none of the old one's cost.
  await rig.query(
    `WITH running AS (
       INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, position, request_hash,
         input)
       SELECT gen_random_uuid(), uuidv7(), 'order.place', 1, 'order', n::text, $1, $2::bigint + n, 'x', '{}'
       FROM generate_series(1, $3::integer) AS n)
     INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
     SELECT gen_random_uuid(), uuidv7(), gen_random_uuid(), 'order.placed', $1, 'pending', now()
     FROM generate_series(1, $3::integer)`,
    [partition, (epoch << 40n).toString(), finishedRows],
  );
}, 120_000);

/** Pages that the question touches: the most of several, since prepared statements are planned anew at first only. */
async function pagesTouched(): Promise<number> {
  const client = await rig.connect();
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
    SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off; SET auto_explain.log_format = json;
    SET client_min_messages = log`);
  const pages: number[] = [];
  client.on("notice", ({ message }) => {
    if (!message?.includes("plan:")) return;
    const { Plan: plan } = JSON.parse(message.slice(message.indexOf("{"))) as { Plan: Plan };
    pages.push(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
  });
  const db = { pool: client } as unknown as Database;
  for (let round = 0; round < 8; round += 1) expect(await rangeHolds(db, week)).toEqual([]);
  expect(pages).toHaveLength(8);
  return Math.max(...pages);
}

it("what holds a week is found without reading its finished rows, with statistics and without", async () => {
  expect(await pagesTouched()).toBeLessThan(pagesMax);
  await rig.query("ANALYZE");
  expect(await pagesTouched()).toBeLessThan(pagesMax);
});
