import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type ReplayRow, replayColumns } from "./replay-row.ts";

export interface ReplayKey {
  endpointId: string;
  id: string;
}

const find = statement(
  "find_replay",
  `SELECT ${replayColumns} FROM replays r WHERE r.tenant_id = $1 AND r.endpoint_id = $2 AND r.id = $3`,
);

export async function findReplay(db: Database, tenantId: string, key: ReplayKey): Promise<ReplayRow | undefined> {
  const [row] = await run<ReplayRow>(db.pool, find, [tenantId, key.endpointId, key.id]);
  return row;
}
