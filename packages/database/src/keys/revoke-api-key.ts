import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const revoke = statement(
  "revoke_api_key",
  `UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE tenant_id = $1 AND key_id = $2
   RETURNING key_id AS "keyId"`,
);

/** Ends a key for good; a trigger tells every ingest. Doing so twice is doing so once. False when there is no such key. */
export async function revokeApiKey(db: Database, tenantId: string, keyId: string): Promise<boolean> {
  return (await run(db.pool, revoke, [tenantId, keyId])).length > 0;
}
