import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const remove = statement(
  "delete_ended_secrets",
  `WITH ended AS (
     SELECT tenant_id, endpoint_id, version FROM endpoint_secrets WHERE expires_at <= now()
     ORDER BY expires_at LIMIT $1),
   removed AS (
     DELETE FROM endpoint_secrets s USING ended e
     WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.endpoint_id AND s.version = e.version RETURNING 1)
   SELECT count(*)::integer AS count FROM removed`,
);

/** Deletes secrets that sign no more; answers how many, `max` at most. The newest of an endpoint never ends by itself. */
export async function deleteEndedSecrets(db: Database, max: number): Promise<number> {
  const [row] = await run<{ count: number }>(db.pool, remove, [max]);
  return row?.count ?? 0;
}
