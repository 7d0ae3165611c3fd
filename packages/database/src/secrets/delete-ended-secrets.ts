import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const remove = statement(
  "delete_ended_secrets",
  `WITH ended AS (
     SELECT tenant_id, endpoint_id, version FROM endpoint_secrets WHERE expires_at <= now()
     UNION
     SELECT s.tenant_id, s.endpoint_id, s.version
     FROM endpoints e JOIN endpoint_secrets s ON s.tenant_id = e.tenant_id AND s.endpoint_id = e.id
     WHERE e.deleted_at IS NOT NULL
     LIMIT $1),
   removed AS (
     DELETE FROM endpoint_secrets s USING ended e
     WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.endpoint_id AND s.version = e.version RETURNING 1)
   SELECT count(*)::integer AS count FROM removed`,
);

/**
 * Deletes secrets that sign no more, and those of deleted endpoints; answers how many, `max` at most. The newest secret of
 * an endpoint never ends by itself.
 */
export async function deleteEndedSecrets(db: Database, max: number): Promise<number> {
  const [row] = await run<{ count: number }>(db.pool, remove, [max]);
  return row?.count ?? 0;
}
