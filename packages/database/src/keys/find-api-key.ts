import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface ApiKeyRow {
  tenantId: string;
  keyId: string;
  secretHash: Buffer;
  scopes: string[];
  partnerId: string | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

const find = statement(
  "find_api_key",
  `SELECT tenant_id AS "tenantId", key_id AS "keyId", secret_hash AS "secretHash", scopes,
     partner_id AS "partnerId", expires_at AS "expiresAt", revoked_at AS "revokedAt"
   FROM api_keys WHERE key_id = $1`,
);

/** The key of that id, whosever it is: the only look-up before the tenant is known. */
export async function findApiKey(db: Database, keyId: string): Promise<ApiKeyRow | undefined> {
  const [row] = await run<ApiKeyRow>(db.pool, find, [keyId]);
  return row;
}
