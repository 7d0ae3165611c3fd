import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type ReplayRow, replayColumns } from "./replay-row.ts";

/** How long a dispatcher works a replay without a sign of life before another may take it over. */
export const replayLeaseMs = 10_000;

const claim = statement(
  "claim_replays",
  `WITH free AS (
     SELECT r.tenant_id, r.id FROM replays r
     WHERE r.completed_at IS NULL AND r.status IN ('running', 'cancelled')
       AND (r.lease_until IS NULL OR r.lease_until <= now())
     ORDER BY r.id LIMIT $2 FOR UPDATE SKIP LOCKED)
   UPDATE replays r SET lease_owner = $1, lease_until = now() + make_interval(secs => $3 / 1000.0)
   FROM free WHERE r.tenant_id = free.tenant_id AND r.id = free.id
   RETURNING ${replayColumns}`,
);

/** Takes replays that nobody works, the oldest first: new ones, and those whose dispatcher is gone. */
export async function claimReplays(db: Database, owner: string, max: number): Promise<ReplayRow[]> {
  return await run<ReplayRow>(db.pool, claim, [owner, max, replayLeaseMs]);
}

const release = statement(
  "release_replays",
  "UPDATE replays SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1 AND completed_at IS NULL",
);

/** Lets others go on with all that `owner` works. */
export async function releaseReplays(db: Database, owner: string): Promise<void> {
  await run(db.pool, release, [owner]);
}
