import type { ReplayCandidate } from "@postback/domain";
import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** A range of a tenant's events, seen from one endpoint; by the times in their ids. */
export interface ReplayRange {
  tenantId: string;
  endpointId: string;
  coversFrom: Date;
  /** Not included. */
  until: Date;
  /** Events above this one; all from the beginning when there is none. */
  after: string | undefined;
  limit: number;
  /** Reads the bodies, too. Default: it doesn't; they may have 256 KiB each. */
  withBodies?: boolean | undefined;
}

/** An event with what has become of it at the endpoint. */
export interface ReplayableEvent extends ReplayCandidate {
  eventId: string;
  partition: number;
}

interface Row {
  eventId: string;
  type: string;
  partition: number;
  entity: ReplayCandidate["entity"] | null;
  wasDelivered: boolean;
  isOnItsWay: boolean;
  liveStatus: string | null;
  audience: string[] | null;
  body: string | null;
}

const load = statement(
  "load_replayable",
  `SELECT e.id AS "eventId", e.type, e.partition,
     CASE WHEN e.entity_id IS NOT NULL THEN json_build_object('type', e.entity_type, 'id', e.entity_id) END AS entity,
     coalesce(d.delivered, false) AS "wasDelivered", coalesce(d.open, false) AS "isOnItsWay", d.live AS "liveStatus", e.audience,
     CASE WHEN $7 THEN e.body END AS body
   FROM (
     SELECT * FROM events e
     WHERE e.tenant_id = $1 AND e.id >= greatest(uuid_floor($3), $5::uuid) AND e.id < uuid_floor($4)
       AND ($5::uuid IS NULL OR e.id > $5) ORDER BY e.id LIMIT $6) AS e
   CROSS JOIN LATERAL (
     SELECT bool_or(d.status = 'delivered') AS delivered, bool_or(d.status IN ('pending', 'sending')) AS open,
       max(d.status) FILTER (WHERE d.replay = '00000000-0000-0000-0000-000000000000') AS live
     FROM deliveries d WHERE d.tenant_id = $1 AND d.event_id = e.id AND d.endpoint_id = $2) AS d
   ORDER BY e.id`,
);

/** The next page of what a replay judges, in the order of the event ids. */
export async function loadReplayable(db: Database, range: ReplayRange): Promise<ReplayableEvent[]> {
  const { tenantId, endpointId, coversFrom, until, after, limit, withBodies = false } = range;
  const values = [tenantId, endpointId, coversFrom, until, after ?? null, limit, withBodies];
  return (await run<Row>(db.pool, load, values)).map(toReplayable);
}

const toReplayable = ({
  eventId,
  type,
  partition,
  entity,
  wasDelivered,
  isOnItsWay,
  liveStatus,
  audience,
  body,
}: Row): ReplayableEvent => ({
  eventId,
  type,
  partition,
  ...(entity === null ? {} : { entity }),
  ...(audience === null ? {} : { audience }),
  ...(body === null ? {} : { body }),
  deliveries: { wasDelivered, isOnItsWay, liveStatus: liveStatus ?? undefined },
});
