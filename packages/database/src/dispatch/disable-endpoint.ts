import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const disable = statement(
  "disable_endpoint",
  `UPDATE endpoints SET enabled = false, disabled_reason = $3
   WHERE tenant_id = $1 AND id = $2 AND enabled RETURNING 1`,
);

/** Stops telling an endpoint, with the reason that its owner sees; false when it was stopped already. */
export async function disableEndpoint(
  db: Database,
  endpoint: { tenantId: string; endpointId: string },
  reason: string,
): Promise<boolean> {
  return (await run(db.pool, disable, [endpoint.tenantId, endpoint.endpointId, reason])).length > 0;
}
