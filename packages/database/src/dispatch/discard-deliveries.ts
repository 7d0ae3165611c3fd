import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const discard = statement(
  "discard_deliveries",
  `WITH picked AS (
     SELECT tenant_id, event_id, endpoint_id, replay FROM deliveries
     WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'pending' ORDER BY next_attempt_at LIMIT $4
     FOR UPDATE SKIP LOCKED),
   done AS (
     UPDATE deliveries d SET status = 'discarded', reason = $3, next_attempt_at = NULL, completed_at = now()
     FROM picked p WHERE d.tenant_id = p.tenant_id AND d.event_id = p.event_id AND d.endpoint_id = p.endpoint_id
       AND d.replay = p.replay RETURNING 1)
   SELECT count(*)::int AS count FROM done`,
);

/** Ends what waits for an endpoint that is not told any more, at most `max` at once; answers how many. */
export async function discardDeliveries(
  db: Database,
  endpoint: { tenantId: string; endpointId: string },
  reason: "endpoint-disabled" | "endpoint-deleted",
  max: number,
): Promise<number> {
  const values = [endpoint.tenantId, endpoint.endpointId, reason, max];
  const [row] = await run<{ count: number }>(db.pool, discard, values);
  return row?.count ?? 0;
}
