import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { RangeWeek } from "./old-ranges.ts";

/** What is still to be done with rows of a range. */
export type RangeHold = "operation" | "delivery" | "replay" | "unpublished-event";

const isIn = (id: string): string => `${id} >= (SELECT lowest FROM week) AND ${id} < (SELECT above FROM week)`;

/**
 * Each by an index that has unfinished rows alone, of the one range: borders are scalars, so that the others are pruned.
 * An operation holds the weeks of its events too; the two conditions on operations are those of its partial indexes. A
 * replay holds what it has not read yet; what it has made of the rest are deliveries. Of numbers the highest alone is asked
 * for: statistics can't know that none is above the watermark.
 */
const holds = statement(
  "range_holds",
  `WITH week AS MATERIALIZED (
     SELECT starts, starts + interval '7 days' AS ends, uuid_floor(starts) AS lowest,
       uuid_floor(starts + interval '7 days') AS above
     FROM (SELECT to_date($1, 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' AS starts) AS w),
   unfinished AS (
     SELECT o.tenant_id, o.id FROM operations o
     WHERE o.id < (SELECT above FROM week) AND o.position IS NOT NULL AND o.completed_at IS NULL
     UNION ALL
     SELECT o.tenant_id, o.id FROM operations o
     WHERE o.id < (SELECT above FROM week) AND o.position IS NULL AND o.completed_at IS NULL)
   SELECT 'operation' AS hold WHERE EXISTS (
     SELECT FROM unfinished u WHERE u.id >= (SELECT lowest FROM week) OR EXISTS (
       SELECT FROM events e WHERE e.tenant_id = u.tenant_id AND e.operation_id = u.id AND ${isIn("e.id")}))
   UNION ALL
   SELECT 'delivery' WHERE EXISTS (
     SELECT FROM deliveries d WHERE ${isIn("d.event_id")} AND d.status IN ('pending', 'sending'))
   UNION ALL
   SELECT 'replay' WHERE EXISTS (
     SELECT FROM replays r WHERE r.completed_at IS NULL AND r.until > (SELECT starts FROM week)
       AND coalesce(r.cursor, uuid_floor(r.since)) < (SELECT above FROM week))
   UNION ALL
   SELECT 'unpublished-event' WHERE EXISTS (
     SELECT FROM partition_owners p LEFT JOIN watermarks w USING (partition)
     WHERE coalesce(w.published_number, 0) < (
       SELECT e.number FROM events e WHERE e.partition = p.partition AND e.number IS NOT NULL AND ${isIn("e.id")}
       ORDER BY e.number DESC LIMIT 1))`,
);

/** What holds a week: with any of it the range is kept whole (design §4, Lifetimes nest). */
export async function rangeHolds(db: Database, week: RangeWeek): Promise<RangeHold[]> {
  const rows = await run<{ hold: RangeHold }>(db.pool, holds, [week]);
  return rows.map(({ hold }) => hold);
}
