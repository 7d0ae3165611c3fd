import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const remove = statement(
  "delete_old_dead_letters",
  `WITH old AS (
     SELECT topic, partition, "offset" FROM dead_letters WHERE created_at < now() - make_interval(days => $1)
     ORDER BY created_at LIMIT $2),
   removed AS (
     DELETE FROM dead_letters d USING old
     WHERE d.topic = old.topic AND d.partition = old.partition AND d."offset" = old."offset" RETURNING 1)
   SELECT count(*)::integer AS count FROM removed`,
);

/** Deletes letters given up more than `days` ago, whatever was decided about them; answers how many, `max` at most. */
export async function deleteOldDeadLetters(db: Database, days: number, max: number): Promise<number> {
  const [row] = await run<{ count: number }>(db.pool, remove, [days, max]);
  return row?.count ?? 0;
}
