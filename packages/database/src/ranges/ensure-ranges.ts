import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const ensure = statement("ensure_ranges", "SELECT ensure_ranges(make_interval(days => $1)) AS made");

/** Makes the ranges of the growing tables up to `daysAhead` from now; answers how many were made. */
export async function ensureRanges(db: Database, daysAhead: number): Promise<number> {
  const [row] = await run<{ made: number }>(db.pool, ensure, [daysAhead]);
  return row?.made ?? 0;
}
