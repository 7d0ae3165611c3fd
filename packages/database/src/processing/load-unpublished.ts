import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** A numbered event, ready for its message. */
export interface NumberedEvent {
  tenantId: string;
  id: string;
  type: string;
  entityType: string | null;
  entityId: string | null;
  number: string;
  operationId: string | null;
  operationType: string | null;
  audience: string[] | null;
  traceparent: string | null;
  body: string;
  acceptedAtMs: number;
}

const load = statement(
  "load_unpublished_events",
  `SELECT e.tenant_id AS "tenantId", e.id, e.type, e.entity_type AS "entityType", e.entity_id AS "entityId",
     e.number::text AS number, e.operation_id AS "operationId", e.operation_type AS "operationType", e.audience,
     e.traceparent, e.body, (extract(epoch FROM e.accepted_at) * 1000)::double precision AS "acceptedAtMs"
   FROM events e WHERE e.partition = $1 AND e.number > $2 ORDER BY e.number LIMIT $3`,
);

/** Events of a partition above a number, in order: what a new owner publishes before its own. */
export async function loadUnpublished(
  db: Database,
  partition: number,
  after: bigint,
  limit: number,
): Promise<NumberedEvent[]> {
  return await run<NumberedEvent>(db.pool, load, [partition, after.toString(), limit]);
}
