import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** The URL belongs to it: what was asked of one that has changed meanwhile says nothing of the new one. */
export interface AskedEndpoint {
  tenantId: string;
  endpointId: string;
  url: string;
}

const stillAsked = `tenant_id = $1 AND id = $2 AND url = $3 AND handshake_status = 'pending' AND deleted_at IS NULL`;

const verify = statement(
  "verify_endpoint",
  `UPDATE endpoints SET enabled = true, handshake_status = 'verified', handshake_due_at = NULL, handshake_reason = NULL,
     rate_per_second = least(rate_per_second, $4::double precision)
   WHERE ${stillAsked} RETURNING 1`,
);

const fail = statement(
  "fail_handshake",
  `UPDATE endpoints SET handshake_reason = $4,
     handshake_status = CASE WHEN $5::double precision IS NULL THEN 'failed' ELSE 'pending' END,
     handshake_due_at = now() + make_interval(secs => $5::double precision / 1000)
   WHERE ${stillAsked} RETURNING 1`,
);

/**
 * The receiver has agreed: from now on the endpoint is told.
 * @param ratePerSecond what it allows, null: it names no limit. A lower one of the endpoint's own stays.
 * @returns false when it isn't asked any more
 */
export async function verifyEndpoint(
  db: Database,
  { tenantId, endpointId, url }: AskedEndpoint,
  ratePerSecond: number | null,
): Promise<boolean> {
  return (await run(db.pool, verify, [tenantId, endpointId, url, ratePerSecond])).length > 0;
}

/**
 * The receiver has not agreed.
 * @param againInMs when to ask again; null: never, unless somebody asks for it
 * @returns false when it isn't asked any more
 */
export async function failHandshake(
  db: Database,
  { tenantId, endpointId, url }: AskedEndpoint,
  reason: string,
  againInMs: number | null,
): Promise<boolean> {
  return (await run(db.pool, fail, [tenantId, endpointId, url, reason, againInMs])).length > 0;
}
