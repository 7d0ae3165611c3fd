import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface RequestedOperation {
  partition: number;
  tenantId: string;
  id: string;
}

const load = statement(
  "load_requested",
  `SELECT partition, tenant_id AS "tenantId", id FROM operations
   WHERE partition = ANY($1) AND request IS NOT NULL AND completed_at IS NULL LIMIT $2`,
);

/** Operations of these partitions with a request that was not acted on yet: what a notification may have missed. */
export async function loadRequested(
  db: Database,
  partitions: readonly number[],
  limit: number,
): Promise<RequestedOperation[]> {
  return await run<RequestedOperation>(db.pool, load, [partitions, limit]);
}
