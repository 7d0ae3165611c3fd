import type { Database } from "../open-database.ts";
import { type Queryable, run, statement } from "../statement.ts";
import { inTransaction } from "../transaction.ts";
import { deliveryArrays, deliveryColumns, deliveryNames } from "./delivery-columns.ts";
import { type EventRow, eventColumns, eventRecord, eventValues } from "./event-row.ts";
import { releaseHeads } from "./release-heads.ts";

/** One request as it is kept; its number is its place in the row's list, from 1. */
export interface AttemptRecord {
  at: string;
  durationMs: number;
  outcome: string;
  status?: number | undefined;
  cause?: string | undefined;
  response?: string | undefined;
}

/**
 * What is known of a delivery now. Without an attempt it is a spill: it makes the row and never overwrites one, unless
 * whoever holds its lease gives it back.
 */
export interface DeliveryRecord {
  tenantId: string;
  eventId: string;
  endpointId: string;
  replay: string;
  eventType: string;
  partition: number;
  status: "pending" | "sending" | "delivered" | "exhausted" | "expired" | "discarded";
  reason?: string | undefined;
  attempt?: AttemptRecord | undefined;
  /** From now: when to try again (pending), or when the lease ends (sending). */
  dueInMs?: number | undefined;
  leaseOwner?: string | undefined;
  /**
   * One of a queue: a new row gets the next number of its endpoint and waits for those of the same key before it,
   * however soon it is due.
   */
  orderKey?: string | undefined;
}

export interface ProgressRecord {
  partition: number;
  offset: number;
  number?: string | undefined;
}

export interface LanePause {
  tenantId: string;
  endpointId: string;
  pauseMs: number;
}

/** An endpoint's breaker that has opened or closed, for all dispatchers to go by. */
export interface LaneBreaker {
  tenantId: string;
  endpointId: string;
  state: "open" | "closed";
  openings: number;
  /** From now to the next probe. */
  untilMs: number;
}

export interface Outcomes {
  events: readonly EventRow[];
  /** At most one for each delivery key. */
  deliveries: readonly DeliveryRecord[];
  /** At most one for each partition. */
  progress: readonly ProgressRecord[];
  /** At most one for each endpoint. */
  pauses: readonly LanePause[];
  /** At most one for each endpoint. */
  breakers?: readonly LaneBreaker[];
}

/** `delivered` wins over every other state; what has ended otherwise stays as it ended. */
const takesOver = `(x.status IN ('pending', 'sending') OR (excluded.status = 'delivered' AND x.status <> 'delivered'))`;

/**
 * Everything of a batch in one statement. Lanes are locked before they are moved: a claim that runs at the same time
 * either sees these deliveries or is followed by this `due_at`, so that no wake-up is lost. Rows of each table are taken
 * in the order of their keys, since two dispatchers may write the same ones after a rebalance.
 */
const record = statement(
  "record_outcomes",
  `WITH e AS (SELECT * FROM json_to_recordset($1) AS e ${eventRecord}),
   d AS (SELECT *, CASE WHEN "dueInMs" IS NOT NULL THEN now() + make_interval(secs => "dueInMs" / 1000.0) END AS due_at
     FROM unnest(${deliveryArrays(5)}) AS d ${deliveryNames}),
   numbered AS (SELECT "tenantId" AS tenant_id, "endpointId" AS endpoint_id, max(rank) AS last FROM d
     WHERE rank IS NOT NULL GROUP BY 1, 2),
   p AS (SELECT * FROM json_to_recordset($2) AS p (partition integer, "offset" bigint, number bigint)),
   w AS (SELECT * FROM json_to_recordset($3) AS w ("tenantId" uuid, "endpointId" uuid, "pauseMs" double precision)),
   b AS (SELECT * FROM json_to_recordset($4)
     AS b ("tenantId" uuid, "endpointId" uuid, state text, openings integer, "untilMs" double precision)),
   due AS (
     SELECT tenant_id, endpoint_id, min(due_at) AS due_at, max(paused_until) AS paused_until FROM (
       SELECT "tenantId" AS tenant_id, "endpointId" AS endpoint_id, due_at, NULL::timestamptz AS paused_until
       FROM d WHERE due_at IS NOT NULL AND rank IS NULL
       UNION ALL
       SELECT tenant_id, endpoint_id, NULL, NULL FROM numbered
       UNION ALL
       SELECT "tenantId", "endpointId", NULL, now() + make_interval(secs => "pauseMs" / 1000.0) FROM w
       UNION ALL
       SELECT "tenantId", "endpointId", NULL, NULL FROM b) AS x
     GROUP BY tenant_id, endpoint_id),
   locked AS (
     SELECT l.tenant_id, l.endpoint_id, l.last_order FROM lanes l JOIN due USING (tenant_id, endpoint_id)
     ORDER BY l.tenant_id, l.endpoint_id FOR NO KEY UPDATE OF l),
   moved AS (
     UPDATE lanes l SET
       -- A breaker that closes lets go of what waited for its probe.
       due_at = least(l.due_at, due.due_at, CASE WHEN b.state = 'closed' AND l.due_at IS NOT NULL THEN now() END),
       paused_until = greatest(l.paused_until, due.paused_until),
       breaker = CASE b.state WHEN 'open' THEN jsonb_build_object('state', 'open', 'openings', b.openings)
         WHEN 'closed' THEN NULL ELSE l.breaker END,
       breaker_until = CASE b.state WHEN 'open' THEN now() + make_interval(secs => b."untilMs" / 1000.0)
         WHEN 'closed' THEN NULL ELSE l.breaker_until END,
       last_order = l.last_order + coalesce(n.last, 0)
     FROM due JOIN locked USING (tenant_id, endpoint_id)
     LEFT JOIN numbered n USING (tenant_id, endpoint_id)
     LEFT JOIN b ON b."tenantId" = due.tenant_id AND b."endpointId" = due.endpoint_id
     WHERE l.tenant_id = due.tenant_id AND l.endpoint_id = due.endpoint_id),
   told AS (
     INSERT INTO events (${eventColumns}) SELECT ${eventValues} FROM e ORDER BY e."tenantId", e.id
     ON CONFLICT DO NOTHING),
   recorded AS (
     INSERT INTO deliveries AS x (tenant_id, event_id, endpoint_id, replay, event_type, partition, status, reason,
       attempts, next_attempt_at, lease_owner, completed_at, order_key, ordinal)
     SELECT d."tenantId", d."eventId", d."endpointId", d.replay, d."eventType", d.partition, d.status, d.reason,
       d.attempts, CASE WHEN d.rank IS NULL THEN d.due_at END,
       d."leaseOwner", CASE WHEN d.status NOT IN ('pending', 'sending') THEN now() END, d."orderKey",
       l.last_order + d.rank
     FROM d LEFT JOIN locked l ON d.rank IS NOT NULL AND l.tenant_id = d."tenantId" AND l.endpoint_id = d."endpointId"
     ORDER BY d."tenantId", d."eventId", d."endpointId", d.replay
     ON CONFLICT (tenant_id, event_id, endpoint_id, replay) DO UPDATE SET
       attempts = x.attempts || excluded.attempts,
       status = CASE WHEN ${takesOver} THEN excluded.status ELSE x.status END,
       reason = CASE WHEN ${takesOver} THEN excluded.reason ELSE x.reason END,
       next_attempt_at = CASE WHEN x.status IN ('pending', 'sending') THEN excluded.next_attempt_at END,
       lease_owner = CASE WHEN excluded.status = 'sending' THEN excluded.lease_owner END,
       completed_at = CASE WHEN ${takesOver} THEN excluded.completed_at ELSE x.completed_at END
     WHERE excluded.attempts <> '[]' OR excluded.status NOT IN ('pending', 'sending')
       OR (x.status = 'sending' AND x.lease_owner = excluded.lease_owner))
   INSERT INTO delivery_progress AS x (partition, "offset", number)
   SELECT partition, "offset", coalesce(number, 0) FROM p ORDER BY partition
   ON CONFLICT (partition) DO UPDATE SET "offset" = greatest(x."offset", excluded."offset"),
     number = greatest(x.number, excluded.number)`,
);

/** Lanes first, in the order of their keys, as every other statement that takes several. */
const lockLanes = statement(
  "lock_lanes_of_outcomes",
  `SELECT FROM lanes l JOIN unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, endpoint_id) USING (tenant_id, endpoint_id)
   ORDER BY l.tenant_id, l.endpoint_id FOR NO KEY UPDATE OF l`,
);

/** Writes a batch of outcomes and spills, whole or not at all. Repeating it is harmless but for doubled attempts. */
export async function recordOutcomes(db: Database, outcomes: Outcomes): Promise<void> {
  if (outcomes.deliveries.every(({ orderKey }) => orderKey === undefined)) return await write(db.pool, outcomes);
  // Numbers and turns are decided under the lanes' locks, by statements that see all that was committed before.
  await inTransaction(db, async (client) => {
    const lanes = [...outcomes.deliveries, ...outcomes.pauses, ...(outcomes.breakers ?? [])];
    await run(client, lockLanes, [lanes.map(({ tenantId }) => tenantId), lanes.map(({ endpointId }) => endpointId)]);
    await write(client, outcomes);
    await releaseHeads(client, outcomes.deliveries);
  });
}

async function write(on: Queryable, outcomes: Outcomes): Promise<void> {
  const { events, deliveries, progress, pauses, breakers = [] } = outcomes;
  const lists = [events, progress, pauses, breakers].map((rows) => JSON.stringify(rows));
  await run(on, record, [...lists, ...deliveryColumns(deliveries)]);
}
