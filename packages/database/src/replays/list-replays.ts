import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type ReplayRow, replayColumns } from "./replay-row.ts";

const list = statement(
  "list_replays",
  `SELECT ${replayColumns} FROM replays r
   WHERE r.tenant_id = $1 AND r.endpoint_id = $2 AND ($3::uuid IS NULL OR r.id < $3)
   ORDER BY r.id DESC LIMIT $4`,
);

/** An endpoint's replays, the newest first, those below `after`. */
export async function listReplays(
  db: Database,
  tenantId: string,
  endpointId: string,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<ReplayRow[]> {
  return await run<ReplayRow>(db.pool, list, [tenantId, endpointId, after ?? null, limit]);
}
