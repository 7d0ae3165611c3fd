import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const discard = statement(
  "discard_replayed",
  `WITH mine AS (
     SELECT r.tenant_id, r.id FROM replays r
     WHERE r.tenant_id = $1 AND r.id = $2 AND r.lease_owner = $3 AND r.status = 'cancelled' FOR UPDATE),
   picked AS (
     SELECT d.tenant_id, d.event_id, d.endpoint_id, d.replay FROM deliveries d, mine
     WHERE d.replay = mine.id AND d.replay <> '00000000-0000-0000-0000-000000000000' AND d.tenant_id = mine.tenant_id
       AND d.status IN ('pending', 'sending') AND d.status = 'pending' LIMIT $4 FOR UPDATE OF d SKIP LOCKED),
   done AS (
     UPDATE deliveries d SET status = 'discarded', reason = 'replay-cancelled', next_attempt_at = NULL,
       completed_at = now()
     FROM picked p WHERE d.tenant_id = p.tenant_id AND d.event_id = p.event_id AND d.endpoint_id = p.endpoint_id
       AND d.replay = p.replay RETURNING 1)
   SELECT count(*)::int AS count FROM done`,
);

const end = statement(
  "end_cancelled_replay",
  `UPDATE replays r SET completed_at = now(), outstanding = '{}'
   WHERE r.tenant_id = $1 AND r.id = $2 AND r.lease_owner = $3 AND r.status = 'cancelled' AND r.completed_at IS NULL
     AND NOT EXISTS (SELECT FROM deliveries d
       WHERE d.replay = $2 AND d.replay <> '00000000-0000-0000-0000-000000000000'
         AND d.status IN ('pending', 'sending') AND d.tenant_id = $1)
   RETURNING 1`,
);

/**
 * Discards what a cancelled replay has left, at most `max` at once. It has ended when nothing is left; what is being sent
 * is waited for, so that its failure doesn't come back as a retry.
 * @returns whether it has ended
 */
export async function endCancelledReplay(
  db: Database,
  { tenantId, id, owner }: { tenantId: string; id: string; owner: string },
  max: number,
): Promise<boolean> {
  const [discarded] = await run<{ count: number }>(db.pool, discard, [tenantId, id, owner, max]);
  if ((discarded?.count ?? 0) >= max) return false;
  return (await run(db.pool, end, [tenantId, id, owner])).length > 0;
}
