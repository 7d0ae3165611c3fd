import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { DeliveryKey } from "./delivery-row.ts";

export type RetriedDelivery = { kind: "retried" } | { kind: "unknown" | "sending" | "endpoint-disabled" };

/** The lane's lock first, as whoever records or claims takes it: the wake-up can't be lost, and nobody waits crosswise. */
const retry = statement(
  "retry_delivery",
  `WITH lane AS (
     SELECT l.tenant_id, l.endpoint_id, e.enabled FROM lanes l
     JOIN endpoints e ON e.tenant_id = l.tenant_id AND e.id = l.endpoint_id
     WHERE l.tenant_id = $1 AND l.endpoint_id = $3 AND e.deleted_at IS NULL FOR NO KEY UPDATE OF l),
   found AS (
     SELECT d.status FROM deliveries d
     WHERE d.tenant_id = $1 AND d.event_id = $2 AND d.endpoint_id = $3 AND d.replay = $4),
   again AS (
     -- One that waits for the one before it in its order goes on waiting.
     UPDATE deliveries d SET status = 'pending', reason = NULL, lease_owner = NULL,
       next_attempt_at = CASE WHEN d.status <> 'pending' OR d.order_key IS NULL OR d.next_attempt_at IS NOT NULL THEN now() END,
       completed_at = NULL, retried_at = now()
     FROM lane WHERE lane.enabled AND d.tenant_id = $1 AND d.event_id = $2 AND d.endpoint_id = $3 AND d.replay = $4
       AND d.status <> 'sending'
     RETURNING 1),
   woken AS (
     UPDATE lanes l SET due_at = least(l.due_at, now()) FROM lane
     WHERE l.tenant_id = lane.tenant_id AND l.endpoint_id = lane.endpoint_id AND EXISTS (SELECT FROM again))
   SELECT EXISTS (SELECT FROM again) AS "isRetried", (SELECT enabled FROM lane) AS "isEnabled",
     EXISTS (SELECT FROM found) AS "isFound"`,
);

/**
 * Makes a delivery due now, whatever its state; its attempts are counted on, and its age counts from now. One that is
 * being sent is left alone, as is any of an endpoint that is told no more.
 */
export async function retryDelivery(db: Database, tenantId: string, key: DeliveryKey): Promise<RetriedDelivery> {
  const values = [tenantId, key.eventId, key.endpointId, key.replay];
  type Row = { isRetried: boolean; isEnabled: boolean | null; isFound: boolean };
  const [row] = await run<Row>(db.pool, retry, values);
  if (row?.isRetried) return { kind: "retried" };
  if (!row?.isFound || row.isEnabled === null) return { kind: "unknown" };
  return { kind: row.isEnabled ? "sending" : "endpoint-disabled" };
}
