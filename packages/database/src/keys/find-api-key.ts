import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface ApiKeyRow {
  tenantId: string;
  keyId: string;
  secretHash: Buffer;
  scopes: string[];
  expiresAt: Date | null;
  revokedAt: Date | null;
  partnerId: string | null;
  /** Of its partner, as it is kept; null of a key that has none. */
  partnerGrant: unknown;
  /** Its tenant is disabled, or its partner was taken away. */
  isDisabled: boolean;
  /** The quota of its tenant, where that has one. */
  requestsPerSecond: number | null;
}

const find = statement(
  "find_api_key",
  `SELECT k.tenant_id AS "tenantId", k.key_id AS "keyId", k.secret_hash AS "secretHash", k.scopes,
     k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt", k.partner_id AS "partnerId", p."grant" AS "partnerGrant",
     (t.disabled_at IS NOT NULL OR p.deleted_at IS NOT NULL) AS "isDisabled",
     t.requests_per_second AS "requestsPerSecond"
   FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
   LEFT JOIN partners p ON p.tenant_id = k.tenant_id AND p.id = k.partner_id
   WHERE k.key_id = $1`,
);

/** The key of that id, whosever it is, with all that decides what it may do: the only look-up before the tenant is known. */
export async function findApiKey(db: Database, keyId: string): Promise<ApiKeyRow | undefined> {
  const [row] = await run<ApiKeyRow>(db.pool, find, [keyId]);
  return row;
}
