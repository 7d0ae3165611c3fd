import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { inIndexOrder } from "./in-index-order.ts";

export interface StaleEndpoint {
  endpointId: string;
  /** Since the oldest event that it has not got; by the time in the event's id. */
  oldestAgeMs: number;
  /** Live deliveries that have not ended, at most `backlogMax`. */
  backlog: number;
}

export interface Stalest {
  /** Endpoints with something that has not ended, at most `lanesMax`. */
  behind: number;
  /** Those that are furthest behind, the worst first. */
  endpoints: StaleEndpoint[];
}

const find = statement(
  "find_stalest",
  `WITH l AS MATERIALIZED (
     SELECT tenant_id, endpoint_id FROM lanes WHERE due_at IS NOT NULL ORDER BY due_at LIMIT $1),
   worst AS MATERIALIZED (
     SELECT l.tenant_id, l.endpoint_id, o.event_id FROM l CROSS JOIN LATERAL (
       SELECT d.event_id FROM deliveries d
       WHERE d.tenant_id = l.tenant_id AND d.endpoint_id = l.endpoint_id AND d.status IN ('pending', 'sending')
         AND d.replay = '00000000-0000-0000-0000-000000000000' ORDER BY d.event_id LIMIT 1) AS o
     ORDER BY o.event_id LIMIT $2)
   SELECT (SELECT count(*)::int FROM l) AS behind, w.endpoint_id AS "endpointId",
     (extract(epoch FROM now() - uuid_extract_timestamp(w.event_id)) * 1000)::float AS "oldestAgeMs",
     (SELECT count(*)::int FROM (
       SELECT d.event_id FROM deliveries d
       WHERE d.tenant_id = w.tenant_id AND d.endpoint_id = w.endpoint_id AND d.status IN ('pending', 'sending')
         AND d.replay = '00000000-0000-0000-0000-000000000000' ORDER BY d.event_id LIMIT $3) AS counted) AS backlog
   FROM (SELECT) AS one LEFT JOIN worst w ON true ORDER BY w.event_id`,
);

/** The endpoints that are furthest behind, of all tenants. The cost is bounded by the three numbers, whatever waits. */
export async function findStalest(
  db: Database,
  { lanesMax, top, backlogMax }: { lanesMax: number; top: number; backlogMax: number },
): Promise<Stalest> {
  type Row = { behind: number; endpointId: string | null; oldestAgeMs: number; backlog: number };
  const rows = await inIndexOrder(db, (client) => run<Row>(client, find, [lanesMax, top, backlogMax]));
  const endpoints = rows.flatMap(({ endpointId, oldestAgeMs, backlog }) =>
    endpointId === null ? [] : [{ endpointId, oldestAgeMs: Math.max(0, oldestAgeMs), backlog }],
  );
  return { behind: rows[0]?.behind ?? 0, endpoints };
}
