import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { ReplayKey } from "./find-replay.ts";
import { type ReplayRow, type ReplayStatus, replayColumns } from "./replay-row.ts";

const change = statement(
  "change_replay",
  `UPDATE replays r SET status = $4, reason = $5,
     lease_owner = CASE WHEN $4 <> 'paused' THEN r.lease_owner END,
     lease_until = CASE WHEN $4 <> 'paused' THEN r.lease_until END
   WHERE r.tenant_id = $1 AND r.endpoint_id = $2 AND r.id = $3 AND r.status IN ('running', 'paused')
   RETURNING ${replayColumns}`,
);

/**
 * Lets a replay run, pauses or cancels it; doing so twice is doing so once. The dispatcher that works it sees the change
 * at its next step, lets go of a paused one, and discards what a cancelled one has left. Undefined when it has ended.
 */
export async function changeReplay(
  db: Database,
  tenantId: string,
  key: ReplayKey,
  status: Exclude<ReplayStatus, "completed">,
): Promise<ReplayRow | undefined> {
  const reason = status === "cancelled" ? "by-request" : null;
  const [row] = await run<ReplayRow>(db.pool, change, [tenantId, key.endpointId, key.id, status, reason]);
  return row;
}
