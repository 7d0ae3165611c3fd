import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { NotedEndpoint } from "./note-attempts.ts";

const disable = statement(
  "disable_failing",
  `UPDATE endpoints e SET enabled = false, disabled_reason = 'failing'
   FROM endpoint_health h
   WHERE e.tenant_id = $1 AND e.id = $2 AND e.enabled AND h.tenant_id = e.tenant_id AND h.endpoint_id = e.id
     AND h.failures >= $3 AND h.failing_since <= now() - make_interval(secs => $4 / 1000.0)
   RETURNING 1`,
);

/** Stops telling an endpoint that has only failed; false when it is off already, or has had a success meanwhile. */
export async function disableFailing(
  db: Database,
  { tenantId, endpointId }: NotedEndpoint,
  { failuresMin, disableAfterMs }: { failuresMin: number; disableAfterMs: number },
): Promise<boolean> {
  return (await run(db.pool, disable, [tenantId, endpointId, failuresMin, disableAfterMs])).length > 0;
}
