import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** An accepted operation whose command was not met in the log where it had been acknowledged. */
export interface UnadmittedRow {
  tenantId: string;
  id: string;
  type: string;
  revision: number;
  entityType: string;
  entityId: string;
  hash: string;
  key: string | null;
  audience: string[] | null;
  traceparent: string | null;
  acceptedAtMs: number;
  input: string;
}

const load = statement(
  "load_unadmitted",
  `SELECT o.tenant_id AS "tenantId", o.id, o.type, o.revision, o.entity_type AS "entityType",
     o.entity_id AS "entityId", o.request_hash AS hash, o.idempotency_key AS key, o.audience, o.traceparent,
     (extract(epoch FROM o.created_at) * 1000)::double precision AS "acceptedAtMs", o.input
   FROM operations o
   WHERE o.partition = $1 AND o.log_offset < $2 AND o.position IS NULL AND o.completed_at IS NULL
   ORDER BY o.log_offset LIMIT $3`,
);

/**
 * Rows of a partition without a position although the consumer is past their offset: Kafka acknowledged the command and
 * does not have it (a truncated log, a topic made anew).
 * @param passed the offset that the consumer had passed long enough ago
 */
export async function loadUnadmitted(
  db: Database,
  partition: number,
  passed: number,
  limit: number,
): Promise<UnadmittedRow[]> {
  return await run<UnadmittedRow>(db.pool, load, [partition, passed, limit]);
}
