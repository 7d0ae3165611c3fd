import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** In UTC, for this statement alone: elsewhere the week in which clocks change is an hour longer or shorter than others. */
const ensure = statement(
  "ensure_ranges",
  "SELECT ensure_ranges(make_interval(days => $1)) AS made FROM set_config('timezone', 'UTC', true)",
);

/** Makes the ranges of the growing tables up to `daysAhead` from now; answers how many were made. */
export async function ensureRanges(db: Database, daysAhead: number): Promise<number> {
  const [row] = await run<{ made: number }>(db.pool, ensure, [daysAhead]);
  return row?.made ?? 0;
}
