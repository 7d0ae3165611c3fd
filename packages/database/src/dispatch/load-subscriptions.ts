import type { EndpointFormat } from "../endpoints/endpoint-row.ts";
import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** An endpoint as the dispatcher needs it. `secrets` are sealed, binary parts in base64; those that have ended are left out. */
export interface SubscriptionRow {
  tenantId: string;
  endpointId: string;
  partnerId: string | null;
  /** As `readGrant` takes it; null of an endpoint that is no partner's. */
  partnerGrant: unknown;
  url: string;
  events: string[];
  /** As `readFilter` takes it. */
  filter: unknown;
  headers: Record<string, string> | null;
  ordering: "none" | "entity" | "endpoint";
  orderSkipAttempts: number | null;
  orderSkipSeconds: number | null;
  ratePerSecond: number | null;
  concurrency: number | null;
  timeoutMs: number | null;
  retrySchedule: number[] | null;
  format: EndpointFormat;
  /** Its receiver has to agree, or has agreed, to get anything. */
  handshake: boolean;
  enabled: boolean;
  deleted: boolean;
  version: string;
  /** The newest first. `expiresInMs`: how long from now it still signs; null of the newest. */
  secrets: { version: number; keyId: string; nonce: string; ciphertext: string; expiresInMs: number | null }[];
}

const load = statement(
  "load_subscriptions",
  `SELECT e.tenant_id AS "tenantId", e.id AS "endpointId", e.partner_id AS "partnerId", e.url, e.events, e.filter, e.headers,
     (SELECT p."grant" FROM partners p WHERE p.tenant_id = e.tenant_id AND p.id = e.partner_id) AS "partnerGrant",
     e.ordering, e.order_skip_attempts AS "orderSkipAttempts", e.order_skip_seconds AS "orderSkipSeconds",
     e.rate_per_second AS "ratePerSecond", e.concurrency, e.timeout_ms AS "timeoutMs",
     e.retry_schedule AS "retrySchedule", e.format,
     e.handshake_status IS NOT NULL AS handshake, e.enabled, e.deleted_at IS NOT NULL AS deleted, e.version::text AS version,
     coalesce((SELECT json_agg(json_build_object('version', s.version, 'keyId', s.key_id,
         'nonce', encode(s.nonce, 'base64'), 'ciphertext', encode(s.ciphertext, 'base64'),
         'expiresInMs', extract(epoch FROM s.expires_at - now()) * 1000) ORDER BY s.version DESC)
       FROM endpoint_secrets s
       WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.id
         AND (s.expires_at IS NULL OR s.expires_at > now())), '[]') AS secrets
   FROM endpoints e WHERE e.version > $1 ORDER BY e.version LIMIT $2`,
);

/** Endpoints that changed after a version, in the order of their changes, at most `limit`; those taken away too. */
export async function loadSubscriptions(db: Database, after: bigint, limit: number): Promise<SubscriptionRow[]> {
  return await run<SubscriptionRow>(db.pool, load, [after.toString(), limit]);
}
