import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const ahead = statement(
  "days_ahead",
  "SELECT extract(epoch FROM ranges_end() - now())::double precision / 86400 AS days",
);

/** For how many days from now rows can be written into the ranges that exist. */
export async function daysAhead(db: Database): Promise<number> {
  const [row] = await run<{ days: number | null }>(db.pool, ahead, []);
  return row?.days ?? 0;
}
