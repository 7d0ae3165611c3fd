import pg from "pg";
import { table } from "../report/table.ts";

/** What the server needs to be started with. */
export const countingStatements = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track_planning": "on",
} as const;

const shownMax = 30;
const textMaxChars = 90;

export interface Counting {
  /** Ends it. @returns a table for people, the costliest first. @param webhooks what the counts are divided by */
  finish(webhooks: number): Promise<string>;
}

interface Counted {
  query: string;
  calls: number;
  planUs: number;
  executeUs: number;
  rows: number;
}

/** Counts what the server works from now on. @param databaseUrl of a superuser, at a server with {@link countingStatements} */
export async function startCounting(databaseUrl: string): Promise<Counting> {
  await ask(databaseUrl, "create extension if not exists pg_stat_statements");
  await ask(databaseUrl, "select pg_stat_statements_reset()");
  return {
    async finish(webhooks) {
      const rows = await ask<Counted>(
        databaseUrl,
        `select query, calls::float8, total_plan_time * 1000 as "planUs", total_exec_time * 1000 as "executeUs",
           rows::float8
         from pg_stat_statements order by total_exec_time + total_plan_time desc limit ${shownMax}`,
      );
      return describe(rows, Math.max(1, webhooks));
    },
  };
}

async function ask<Row extends pg.QueryResultRow>(connectionString: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

function describe(rows: readonly Counted[], webhooks: number): string {
  const heading = ["statement", "calls/webhook", "rows/call", "us/call", "us/webhook", "of it planning"];
  const lines = rows.map(({ query, calls, planUs, executeUs, rows: touched }) => [
    query.replaceAll(/\s+/g, " ").slice(0, textMaxChars),
    (calls / webhooks).toFixed(3),
    (touched / calls).toFixed(1),
    ((planUs + executeUs) / calls).toFixed(0),
    ((planUs + executeUs) / webhooks).toFixed(1),
    (planUs / webhooks).toFixed(1),
  ]);
  return table([heading, ...lines]);
}
