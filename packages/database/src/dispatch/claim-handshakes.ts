import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** An endpoint whose receiver is to be asked, and the number of this attempt, from 1. */
export interface DueHandshake {
  tenantId: string;
  endpointId: string;
  url: string;
  headers: Record<string, string> | null;
  ratePerSecond: number | null;
  attempt: number;
}

const claim = statement(
  "claim_handshakes",
  `WITH due AS (
     SELECT tenant_id, id FROM endpoints WHERE handshake_due_at <= now()
     ORDER BY handshake_due_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)
   UPDATE endpoints e SET handshake_attempts = e.handshake_attempts + 1,
     handshake_due_at = now() + make_interval(secs => $2 / 1000.0)
   FROM due d WHERE e.tenant_id = d.tenant_id AND e.id = d.id
   RETURNING e.tenant_id AS "tenantId", e.id AS "endpointId", e.url, e.headers, e.rate_per_second AS "ratePerSecond",
     e.handshake_attempts AS attempt`,
);

/**
 * Takes handshakes that are due, each for `leaseMs`: one whose taker isn't heard of by then is taken again. A claim is a
 * change of the endpoint like any other, so dispatchers load it once more; registrations are rare.
 */
export async function claimHandshakes(
  db: Database,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<DueHandshake[]> {
  return await run<DueHandshake>(db.pool, claim, [limit, leaseMs]);
}
