import type pg from "pg";
import type { Database } from "../open-database.ts";
import { droppingMark, type RangeWeek } from "./old-ranges.ts";

/** Rows go before what they are of: whoever looks meanwhile finds an operation without events rather than the reverse. */
const tables = ["deliveries", "events", "operations"] as const;

/** A lock that isn't had by then is left to the next time: whoever waits for one holds up all that come after. */
const lockTimeoutMs = 3_000;
/** Detaching waits for every transaction that has used the table. Shorter than a process has for its end. */
const statementTimeoutMs = 8_000;

/**
 * Drops the ranges of a week without a lock that others would wait for: each is detached concurrently, which leaves
 * readers and writers of the other ranges alone, and dropped when nobody knows it any more. What a crash or a timeout
 * left half done is ended by the next call.
 * @throws when a lock or the time can't be had; what remains is left for the next time
 */
export async function dropRange(db: Database, week: RangeWeek): Promise<void> {
  if (!/^\d{8}$/.test(week)) throw new TypeError(`not a week of ranges: ${week}`);
  const client = await db.pool.connect();
  try {
    await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
    await client.query(`SET statement_timeout = ${statementTimeoutMs}`);
    for (const table of tables) await dropTable(client, table, `${table}_${week}`);
  } finally {
    // Thrown away: its settings are nobody else's.
    client.release(true);
  }
}

async function dropTable(client: pg.ClientBase, parent: string, range: string): Promise<void> {
  const state = await stateOf(client, range);
  if (state === "gone") return;
  if (state === "attached") {
    await client.query(`COMMENT ON TABLE ${range} IS '${droppingMark}'`);
    await client.query(`ALTER TABLE ${parent} DETACH PARTITION ${range} CONCURRENTLY`);
  }
  if (state === "detaching") await client.query(`ALTER TABLE ${parent} DETACH PARTITION ${range} FINALIZE`);
  await client.query(`DROP TABLE ${range}`);
}

type RangeState = "attached" | "detaching" | "detached" | "gone";

/** @returns "gone" also for a table that somebody detached to keep it: it doesn't carry the mark */
async function stateOf(client: pg.ClientBase, range: string): Promise<RangeState> {
  const { rows } = await client.query<{ state: RangeState }>(
    `SELECT CASE WHEN i.inhdetachpending THEN 'detaching' WHEN i.inhrelid IS NOT NULL THEN 'attached'
       WHEN obj_description(c.oid, 'pg_class') = $2 THEN 'detached' ELSE 'gone' END AS state
     FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.oid = to_regclass($1)`,
    [range, droppingMark],
  );
  return rows[0]?.state ?? "gone";
}
