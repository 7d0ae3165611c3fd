import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { inTransaction } from "../transaction.ts";
import { releaseHeads } from "./release-heads.ts";

const lock = statement(
  "lock_lane_to_discard",
  "SELECT FROM lanes WHERE tenant_id = $1 AND endpoint_id = $2 FOR NO KEY UPDATE",
);

const discard = statement(
  "discard_deliveries",
  `WITH picked AS (
     SELECT tenant_id, event_id, endpoint_id, replay FROM deliveries
     WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'pending' ORDER BY next_attempt_at LIMIT $4
     FOR UPDATE SKIP LOCKED)
   UPDATE deliveries d SET status = 'discarded', reason = $3, next_attempt_at = NULL, completed_at = now()
   FROM picked p WHERE d.tenant_id = p.tenant_id AND d.event_id = p.event_id AND d.endpoint_id = p.endpoint_id
     AND d.replay = p.replay RETURNING d.order_key AS "orderKey"`,
);

/** Ends what waits for an endpoint that is not told any more, at most `max` at once; answers how many. */
export async function discardDeliveries(
  db: Database,
  endpoint: { tenantId: string; endpointId: string },
  reason: "endpoint-disabled" | "endpoint-deleted",
  max: number,
): Promise<number> {
  return await inTransaction(db, async (client) => {
    const { tenantId, endpointId } = endpoint;
    await run(client, lock, [tenantId, endpointId]);
    const discarded = await run<{ orderKey: string | null }>(client, discard, [tenantId, endpointId, reason, max]);
    // What is left goes on in its order if the endpoint is told again.
    await releaseHeads(
      client,
      discarded.map(({ orderKey }) => ({ tenantId, endpointId, orderKey })),
    );
    return discarded.length;
  });
}
