import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { inIndexOrder } from "./in-index-order.ts";

export interface Freshness {
  /** Live deliveries that have not ended, at most {@link backlogCountMax}. */
  backlog: number;
  /** False where there are more than were counted. */
  backlogIsExact: boolean;
  /** When the oldest event was accepted that the endpoint has not got. */
  oldestAcceptedAt: Date | undefined;
  /** How long ago that is. */
  oldestAgeMs: number | undefined;
}

/** So many are counted; beyond it the answer is "at least": the cost has a bound, whatever waits. */
export const backlogCountMax = 10_000;

const read = statement(
  "read_freshness",
  `SELECT total.backlog, oldest."acceptedAt", oldest."ageMs"
   FROM (
     SELECT count(*)::int AS backlog FROM (
       SELECT d.event_id FROM deliveries d WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.status IN ('pending', 'sending')
         AND d.replay = '00000000-0000-0000-0000-000000000000' ORDER BY d.event_id
       LIMIT $3) AS counted) AS total
   LEFT JOIN (
     SELECT e.accepted_at AS "acceptedAt", (extract(epoch FROM now() - e.accepted_at) * 1000)::float AS "ageMs"
     FROM (
       SELECT d.event_id FROM deliveries d
       WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.status IN ('pending', 'sending')
         AND d.replay = '00000000-0000-0000-0000-000000000000' ORDER BY d.event_id LIMIT 1) AS first
     JOIN events e ON e.tenant_id = $1 AND e.id = first.event_id) AS oldest ON true`,
);

/** How far an endpoint is behind. What its dispatchers hold for less than a second has no row and isn't seen. */
export async function readFreshness(db: Database, tenantId: string, endpointId: string): Promise<Freshness> {
  const values = [tenantId, endpointId, backlogCountMax + 1];
  type Row = { backlog: number; acceptedAt: Date | null; ageMs: number | null };
  const [row] = await inIndexOrder(db, (client) => run<Row>(client, read, values));
  const { backlog = 0, acceptedAt, ageMs } = row ?? {};
  return {
    backlog: Math.min(backlog, backlogCountMax),
    backlogIsExact: backlog <= backlogCountMax,
    oldestAcceptedAt: acceptedAt ?? undefined,
    oldestAgeMs: ageMs ?? undefined,
  };
}
