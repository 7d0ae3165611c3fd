import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** A week of the growing tables: Monday, `YYYYMMDD`, as it stands at the end of their names. */
export type RangeWeek = string;

/** A table that was marked for dropping counts also when it is no range any more: a crash came between. */
const old = statement(
  "old_ranges",
  `SELECT DISTINCT right(c.relname, 8) AS week FROM pg_class c
   WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
     AND c.relname ~ '^(operations|events|deliveries)_[0-9]{8}$'
     AND (c.relispartition OR obj_description(c.oid, 'pg_class') = $2)
     AND (to_date(right(c.relname, 8), 'YYYYMMDD') + 7)::timestamp AT TIME ZONE 'UTC'
       <= now() - make_interval(days => $1)
   ORDER BY week`,
);

/** Stands on a table from the moment when it is decided that it goes. */
export const droppingMark = "postback: dropping";

/** The weeks that lie wholly before `days` ago, the oldest first. */
export async function oldRanges(db: Database, days: number): Promise<RangeWeek[]> {
  const rows = await run<{ week: RangeWeek }>(db.pool, old, [days, droppingMark]);
  return rows.map(({ week }) => week);
}
