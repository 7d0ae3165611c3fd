import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface PublicKeyRow {
  endpointId: string;
  version: number;
  publicKey: Buffer;
}

const list = statement(
  "list_public_keys",
  `SELECT s.endpoint_id AS "endpointId", s.version, s.public_key AS "publicKey"
   FROM endpoint_secrets s JOIN endpoints e ON e.tenant_id = s.tenant_id AND e.id = s.endpoint_id
   WHERE s.tenant_id = $1 AND ($2::uuid IS NULL OR s.endpoint_id = $2) AND s.public_key IS NOT NULL
     AND (s.expires_at IS NULL OR s.expires_at > now()) AND e.deleted_at IS NULL
   ORDER BY s.endpoint_id DESC, s.version DESC LIMIT $3`,
);

/** Public keys that a tenant's webhooks are signed under now, those of the newest endpoints first. */
export function listPublicKeys(
  db: Database,
  tenantId: string,
  { endpointId, limit }: { endpointId?: string | undefined; limit: number },
): Promise<PublicKeyRow[]> {
  return run<PublicKeyRow>(db.pool, list, [tenantId, endpointId ?? null, limit]);
}
