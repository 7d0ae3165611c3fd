import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { replayLeaseMs } from "./claim-replays.ts";

export interface ReplayStep {
  tenantId: string;
  id: string;
  owner: string;
  /** The last event that was judged; undefined leaves it where it is. */
  cursor: string | undefined;
  /** Events whose deliveries have no attempt yet, these included. */
  outstanding: readonly string[];
  deliveries: readonly { eventId: string; eventType: string; partition: number }[];
  /** Nothing is left, and all have had their first attempt. */
  isComplete: boolean;
}

/**
 * Deliveries and cursor in one statement: after a crash whoever takes over goes on behind exactly what was made. The lane
 * is locked first, as by all who write deliveries or take endpoints away: a claim that runs is waited for, so that the
 * wake-up isn't lost.
 */
const feed = statement(
  "feed_replay",
  `WITH lane AS (
     SELECT l.tenant_id, l.endpoint_id FROM lanes l JOIN replays r USING (tenant_id, endpoint_id)
     WHERE r.tenant_id = $1 AND r.id = $2 FOR NO KEY UPDATE OF l),
   mine AS (
     UPDATE replays r SET cursor = coalesce($4, r.cursor), matched = r.matched + json_array_length($6),
       outstanding = $5::uuid[], lease_until = now() + make_interval(secs => $7 / 1000.0),
       completed_at = CASE WHEN $8 THEN now() END, status = CASE WHEN $8 THEN 'completed' ELSE r.status END
     FROM lane WHERE r.tenant_id = $1 AND r.id = $2 AND r.endpoint_id = lane.endpoint_id AND r.lease_owner = $3
       AND r.status = 'running' AND r.completed_at IS NULL
     RETURNING r.tenant_id, r.id, r.endpoint_id),
   fed AS (
     INSERT INTO deliveries (tenant_id, event_id, endpoint_id, replay, event_type, partition, status, next_attempt_at)
     SELECT m.tenant_id, f."eventId", m.endpoint_id, m.id, f."eventType", f.partition, 'pending', now()
     FROM mine m, json_to_recordset($6) AS f ("eventId" uuid, "eventType" text, partition integer)
     ORDER BY f."eventId" ON CONFLICT DO NOTHING),
   woken AS (
     UPDATE lanes l SET due_at = least(l.due_at, now()) FROM mine m
     WHERE l.tenant_id = m.tenant_id AND l.endpoint_id = m.endpoint_id AND json_array_length($6) > 0)
   SELECT 1 FROM mine`,
);

/** Makes the next deliveries of a replay and moves it on; false when it is no longer this owner's to work. */
export async function feedReplay(db: Database, step: ReplayStep): Promise<boolean> {
  const { tenantId, id, owner, cursor, outstanding, deliveries, isComplete } = step;
  const rows = await run(db.pool, feed, [
    tenantId,
    id,
    owner,
    cursor ?? null,
    outstanding,
    JSON.stringify(deliveries),
    replayLeaseMs,
    isComplete,
  ]);
  return rows.length > 0;
}
