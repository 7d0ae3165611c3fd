import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { inTransaction } from "../transaction.ts";
import { type SharedBreaker, sharedBreaker } from "./load-held-lanes.ts";

/** What may be taken of one lane. */
export interface LaneAllowance {
  /** Deliveries at most: the lane's free slots here. */
  max: number;
  /** After this another may take them: the attempt's deadline and a margin. */
  leaseMs: number;
  /** When to look again at a lane of which nothing may be taken. */
  againInMs: number;
  /** Its endpoint is told no more: what waits is taken whenever it is due, to be discarded. */
  discards?: boolean;
  /** Others work it: nothing is taken, and the lane stays due for them. */
  leave?: boolean;
  /** What is taken is the breaker's probe: for all dispatchers it is half-open for this long. */
  probeMs?: number;
}

export interface ClaimOptions {
  /** Who claims; kept in the rows. */
  owner: string;
  /** Lanes looked at in one claim. */
  lanesMax: number;
  /** Asked once for each due lane, between the lock and the claim. @param breaker as all see it; null: closed */
  allowanceOf(endpointId: string, breaker: SharedBreaker | null): LaneAllowance;
}

export interface ClaimedDelivery {
  tenantId: string;
  eventId: string;
  endpointId: string;
  replay: string;
  eventType: string;
  partition: number;
  /** How many attempts were made before. */
  attemptsMade: number;
  /** When the first of them began, ISO 8601. */
  firstAttemptAt: string | null;
  /** Of the queue that it is the head of; null: it waits for nothing. */
  orderKey: string | null;
  /** When its age begins: its event's acceptance; when the replay made it, or it was asked to be sent again. */
  eventAcceptedAt: Date;
  body: string;
  traceparent: string | null;
}

/**
 * Due lanes that nobody else is looking at, those that have waited longest first. Sorting is switched off until the end of
 * the transaction: statistics can't know how much of a lane is due by now, and where they say little, Postgres would read
 * and sort all of it in each claim instead of the head of the index.
 */
const lockLanes = statement(
  "lock_due_lanes",
  `SELECT l.tenant_id AS "tenantId", l.endpoint_id AS "endpointId", ${sharedBreaker} AS breaker,
     (SELECT set_config('enable_sort', 'off', true))
   FROM lanes l WHERE due_at <= now()
   ORDER BY due_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`,
);

/**
 * Runs after the lock with a snapshot of its own, so it sees all that was recorded before the lock was given; whoever
 * records after it waits for the lane's lock and moves `due_at` again. A due delivery whose row somebody else has locked
 * is passed by, and the lane looked at again soon: that transaction may fail, or leave the row as it is. The cost is of
 * the lanes and deliveries that are taken, whatever the backlog: each lane reads the head of its index.
 */
const claim = statement(
  "claim_due",
  `WITH locked AS (
     SELECT k.*, l.paused_until, l.paused_until > now() AS paused,
       CASE WHEN k.discards THEN 'infinity' ELSE now() END AS due_until
     FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::double precision[], $5::double precision[],
       $6::boolean[], $7::boolean[], $8::double precision[])
       AS k (tenant_id, endpoint_id, max, lease_ms, again_ms, discards, leaves, probe_ms)
     JOIN lanes l USING (tenant_id, endpoint_id)),
   picked AS (
     SELECT d.*, l.lease_ms FROM locked l CROSS JOIN LATERAL (
       SELECT x.tenant_id, x.event_id, x.endpoint_id, x.replay FROM deliveries x
       WHERE x.endpoint_id = l.endpoint_id AND x.tenant_id = l.tenant_id
         AND x.status IN ('pending', 'sending') AND x.next_attempt_at <= l.due_until
         AND (x.status = 'pending' OR x.next_attempt_at <= now())
       ORDER BY x.next_attempt_at LIMIT l.max FOR UPDATE SKIP LOCKED) AS d
     WHERE l.paused IS NOT TRUE),
   claimed AS (
     UPDATE deliveries x SET status = 'sending', lease_owner = $9,
       next_attempt_at = now() + make_interval(secs => p.lease_ms / 1000)
     FROM picked p WHERE x.tenant_id = p.tenant_id AND x.event_id = p.event_id AND x.endpoint_id = p.endpoint_id
       AND x.replay = p.replay
     RETURNING x.*),
   taken AS (SELECT tenant_id, endpoint_id, count(*) AS count FROM claimed GROUP BY tenant_id, endpoint_id),
   moved AS (
     UPDATE lanes l SET due_at = CASE
       WHEN k.paused THEN k.paused_until
       WHEN k.leaves THEN now()
       WHEN k.max = 0 THEN now() + make_interval(secs => k.again_ms / 1000)
       WHEN t.count = k.max THEN now()
       WHEN coalesce(t.count, 0) < (SELECT count(*) FROM (
         SELECT FROM deliveries x WHERE x.endpoint_id = k.endpoint_id AND x.tenant_id = k.tenant_id
           AND x.status IN ('pending', 'sending') AND x.next_attempt_at <= now() LIMIT k.max) AS due)
         THEN now() + interval '100 milliseconds'
       ELSE least(
         (SELECT x.next_attempt_at FROM deliveries x
          WHERE x.endpoint_id = k.endpoint_id AND x.status IN ('pending', 'sending') AND x.next_attempt_at > now()
          ORDER BY x.next_attempt_at LIMIT 1),
         CASE WHEN t.count > 0 THEN now() + make_interval(secs => k.lease_ms / 1000) END) END,
       breaker = CASE WHEN t.count > 0 AND k.probe_ms IS NOT NULL
         THEN l.breaker || '{"state": "half-open"}' ELSE l.breaker END,
       breaker_until = CASE WHEN t.count > 0 AND k.probe_ms IS NOT NULL
         THEN now() + make_interval(secs => k.probe_ms / 1000) ELSE l.breaker_until END
     FROM locked k LEFT JOIN taken t USING (tenant_id, endpoint_id)
     WHERE l.tenant_id = k.tenant_id AND l.endpoint_id = k.endpoint_id
       -- One that is left has its place; only after a while it goes to the end of the line, so that it holds nobody up.
       AND (NOT k.leaves OR k.paused OR l.due_at < now() - interval '1 second'))
   SELECT c.tenant_id AS "tenantId", c.event_id AS "eventId", c.endpoint_id AS "endpointId", c.replay,
     c.event_type AS "eventType", c.partition, jsonb_array_length(c.attempts) AS "attemptsMade",
     c.attempts->0->>'at' AS "firstAttemptAt", c.order_key AS "orderKey",
     coalesce(c.retried_at, CASE WHEN c.replay <> '00000000-0000-0000-0000-000000000000' THEN c.created_at END,
       e.accepted_at) AS "eventAcceptedAt", e.body, e.traceparent
   FROM claimed c JOIN events e ON e.tenant_id = c.tenant_id AND e.id = c.event_id`,
);

interface DueLane {
  tenantId: string;
  endpointId: string;
  breaker: SharedBreaker | null;
}

/** Takes deliveries that are due, as many of each lane as it has slots, with a lease. Two statements, no HTTP within. */
export async function claimDue(db: Database, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  return await inTransaction(db, async (client) => {
    const lanes = await run<DueLane>(client, lockLanes, [options.lanesMax]);
    if (lanes.length === 0) return [];
    const allowed = lanes.map((lane) => options.allowanceOf(lane.endpointId, lane.breaker));
    return await run<ClaimedDelivery>(client, claim, [
      lanes.map((lane) => lane.tenantId),
      lanes.map((lane) => lane.endpointId),
      allowed.map(({ max }) => max),
      allowed.map(({ leaseMs }) => leaseMs),
      allowed.map(({ againInMs }) => againInMs),
      allowed.map(({ discards }) => discards ?? false),
      allowed.map(({ leave }) => leave ?? false),
      allowed.map(({ probeMs }) => probeMs ?? null),
      options.owner,
    ]);
  });
}
