import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** An id may be from 5 minutes ahead: its command must be too old before its key goes. */
const remove = statement(
  "delete_old_keys",
  `WITH removed AS (
     DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM idempotency_keys WHERE created_at < now() - make_interval(days => $1, hours => 1) LIMIT $2))
     RETURNING 1)
   SELECT count(*)::integer AS count FROM removed`,
);

/** Forgets idempotency keys made more than `days` and an hour ago; answers how many, `max` at most. */
export async function deleteOldKeys(db: Database, days: number, max: number): Promise<number> {
  const [row] = await run<{ count: number }>(db.pool, remove, [days, max]);
  return row?.count ?? 0;
}
