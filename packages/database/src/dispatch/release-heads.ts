import { type Queryable, run, statement } from "../statement.ts";

/** Deliveries that wait for each other; without a key they don't. */
export interface Queued {
  tenantId: string;
  endpointId: string;
  orderKey?: string | null | undefined;
}

const release = statement(
  "release_heads",
  `WITH head AS (
     SELECT k.tenant_id, k.endpoint_id, h.event_id, h.replay
     FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS k (tenant_id, endpoint_id, order_key)) AS k
     CROSS JOIN LATERAL (
       SELECT x.event_id, x.replay, x.next_attempt_at FROM deliveries x
       WHERE x.endpoint_id = k.endpoint_id AND x.tenant_id = k.tenant_id AND x.order_key = k.order_key
         AND x.status IN ('pending', 'sending')
       ORDER BY x.ordinal LIMIT 1) AS h
     WHERE h.next_attempt_at IS NULL),
   released AS (
     UPDATE deliveries x SET next_attempt_at = now() FROM head h
     WHERE x.tenant_id = h.tenant_id AND x.event_id = h.event_id AND x.endpoint_id = h.endpoint_id AND x.replay = h.replay
     RETURNING x.tenant_id, x.endpoint_id)
   UPDATE lanes l SET due_at = least(l.due_at, now()) FROM (SELECT DISTINCT * FROM released) AS r
   WHERE l.tenant_id = r.tenant_id AND l.endpoint_id = r.endpoint_id`,
);

/**
 * Makes due, in each queue named, the first unfinished delivery that still waits for one before it. Call it under the
 * lanes' locks, after whatever numbered or ended deliveries of the queues, in a statement of its own: it must see all that
 * was committed before the locks were given.
 */
export async function releaseHeads(on: Queryable, deliveries: readonly Queued[]): Promise<void> {
  const queued = deliveries.filter(({ orderKey }) => orderKey !== undefined && orderKey !== null);
  if (queued.length === 0) return;
  await run(on, release, [
    queued.map(({ tenantId }) => tenantId),
    queued.map(({ endpointId }) => endpointId),
    queued.map(({ orderKey }) => orderKey),
  ]);
}
