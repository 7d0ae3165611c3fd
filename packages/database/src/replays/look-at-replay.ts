import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { replayLeaseMs } from "./claim-replays.ts";
import type { ReplayStatus } from "./replay-row.ts";

export interface ReplaySight {
  status: ReplayStatus;
  /** Events whose deliveries have had no attempt yet. */
  outstanding: string[];
  /** A live delivery of the endpoint waits for a slot: it goes first. */
  isLiveDue: boolean;
}

/**
 * Written as text, the replay is compared in a way that no partial index matches: only the index by time can answer, and
 * its head says at once whether something is due, however much waits.
 */
const look = statement(
  "look_at_replay",
  `WITH mine AS (
     UPDATE replays r SET lease_until = now() + make_interval(secs => $4 / 1000.0), outstanding = (
       SELECT coalesce(array_agg(d.event_id ORDER BY d.event_id), '{}') FROM unnest(r.outstanding) AS k (event_id)
       JOIN deliveries d ON d.tenant_id = r.tenant_id AND d.event_id = k.event_id AND d.endpoint_id = r.endpoint_id
         AND d.replay = r.id
       WHERE d.status IN ('pending', 'sending') AND d.attempts = '[]')
     WHERE r.tenant_id = $1 AND r.id = $2 AND r.lease_owner = $3 AND r.completed_at IS NULL RETURNING r.*)
   SELECT m.status, m.outstanding,
     coalesce((SELECT d.next_attempt_at <= now() FROM deliveries d
      WHERE d.endpoint_id = m.endpoint_id AND d.tenant_id = m.tenant_id AND d.status IN ('pending', 'sending')
        AND d.replay::text = '00000000-0000-0000-0000-000000000000'
      ORDER BY d.next_attempt_at LIMIT 1), false) AS "isLiveDue"
   FROM mine m`,
);

/** Keeps the lease, notes what has had its first attempt, and says how the replay stands; undefined when it is another's, or has ended. */
export async function lookAtReplay(
  db: Database,
  { tenantId, id }: { tenantId: string; id: string },
  owner: string,
): Promise<ReplaySight | undefined> {
  const [sight] = await run<ReplaySight>(db.pool, look, [tenantId, id, owner, replayLeaseMs]);
  return sight;
}
