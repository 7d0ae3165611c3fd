import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { EndpointSecretRow } from "./endpoint-secret.ts";

const find = statement(
  "find_endpoint_secrets",
  `SELECT s.version, s.algorithm, s.key_id AS "keyId", s.nonce, s.ciphertext,
     s.created_at AS "createdAt", s.expires_at AS "expiresAt"
   FROM endpoints e JOIN endpoint_secrets s ON s.tenant_id = e.tenant_id AND s.endpoint_id = e.id
   WHERE e.tenant_id = $1 AND e.id = $2 AND e.deleted_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > now())
   ORDER BY s.version DESC`,
);

/** The secrets of an endpoint that sign now, the newest first; none where there is no such endpoint. */
export function findSecrets(db: Database, tenantId: string, endpointId: string): Promise<EndpointSecretRow[]> {
  return run<EndpointSecretRow>(db.pool, find, [tenantId, endpointId]);
}
