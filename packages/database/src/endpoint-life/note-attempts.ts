import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface NotedEndpoint {
  tenantId: string;
  endpointId: string;
}

/** Failures of one endpoint since its last success, as one dispatcher saw them. */
export interface NotedFailures extends NotedEndpoint {
  count: number;
  /** Of these, those that speak against the receiver's health. */
  receiverCount: number;
  firstAgeMs: number;
  lastAgeMs: number;
}

export interface FailingEndpoint extends NotedEndpoint {
  failures: number;
  failingForMs: number;
}

/** Rows are taken in the order of their keys: two dispatchers may note the same endpoints. */
const succeeded = statement(
  "note_successes",
  `WITH k AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, endpoint_id)),
   locked AS (
     SELECT h.tenant_id, h.endpoint_id FROM endpoint_health h JOIN k USING (tenant_id, endpoint_id)
     ORDER BY h.tenant_id, h.endpoint_id FOR UPDATE OF h),
   gone AS (
     DELETE FROM endpoint_health h USING locked l
     WHERE h.tenant_id = l.tenant_id AND h.endpoint_id = l.endpoint_id RETURNING h.*)
   INSERT INTO notices (tenant_id, type, endpoint_id, data)
   SELECT g.tenant_id, 'endpoint.recovered', g.endpoint_id, jsonb_build_object(
     'downSince', least(g.failing_since, g.disabled_at),
     'after', CASE WHEN g.disabled_at IS NULL THEN 'failures' ELSE 'disabled' END)
   FROM gone g JOIN endpoints e ON e.tenant_id = g.tenant_id AND e.id = g.endpoint_id
   WHERE e.enabled AND (g.receiver_failures >= $3 OR g.disabled_at IS NOT NULL)`,
);

/**
 * Notes that endpoints took something. One that had been down, that is with at least `downAfterFailures` of its receiver's
 * in a row or disabled before, has recovered: its notice is written in the same statement, by whoever is first.
 */
export async function noteSuccesses(
  db: Database,
  endpoints: readonly NotedEndpoint[],
  { downAfterFailures }: { downAfterFailures: number },
): Promise<void> {
  if (endpoints.length === 0) return;
  await run(db.pool, succeeded, [...keysOf(endpoints), downAfterFailures]);
}

const forgotten = `excluded.failing_since - h.last_failure_at > make_interval(secs => $2 / 1000.0)`;

const failed = statement(
  "note_failures",
  `INSERT INTO endpoint_health AS h (tenant_id, endpoint_id, failing_since, last_failure_at, failures, receiver_failures)
   SELECT "tenantId", "endpointId", now() - make_interval(secs => "firstAgeMs" / 1000.0),
     now() - make_interval(secs => "lastAgeMs" / 1000.0), count, "receiverCount"
   FROM json_to_recordset($1) AS f ("tenantId" uuid, "endpointId" uuid, count integer, "receiverCount" integer,
     "firstAgeMs" double precision, "lastAgeMs" double precision)
   ORDER BY "tenantId", "endpointId"
   ON CONFLICT (tenant_id, endpoint_id) DO UPDATE SET
     failing_since = CASE WHEN h.failing_since IS NULL OR ${forgotten} THEN excluded.failing_since
       ELSE least(h.failing_since, excluded.failing_since) END,
     last_failure_at = greatest(h.last_failure_at, excluded.last_failure_at),
     failures = excluded.failures + CASE WHEN ${forgotten} THEN 0 ELSE h.failures END,
     receiver_failures = excluded.receiver_failures + CASE WHEN ${forgotten} THEN 0 ELSE h.receiver_failures END
   RETURNING tenant_id AS "tenantId", endpoint_id AS "endpointId", failures,
     (extract(epoch FROM now() - failing_since) * 1000)::double precision AS "failingForMs"`,
);

/** Notes failures, and answers how long each of these endpoints has been failing. @param forgetAfterMs a gap starts anew */
export async function noteFailures(
  db: Database,
  failures: readonly NotedFailures[],
  { forgetAfterMs }: { forgetAfterMs: number },
): Promise<FailingEndpoint[]> {
  if (failures.length === 0) return [];
  return await run<FailingEndpoint>(db.pool, failed, [JSON.stringify(failures), forgetAfterMs]);
}

const keysOf = (endpoints: readonly NotedEndpoint[]) => [
  endpoints.map(({ tenantId }) => tenantId),
  endpoints.map(({ endpointId }) => endpointId),
];
