import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { PauseRow } from "./pause-row.ts";

/** One that a transaction is using is locked, so that its time doesn't end it. */
const load = statement(
  "load_pauses",
  `WITH ended AS (
     DELETE FROM entity_pauses WHERE (tenant_id, id) IN (
       SELECT tenant_id, id FROM entity_pauses WHERE partition = $1 AND expires_at < now() FOR UPDATE SKIP LOCKED)
     RETURNING tenant_id, id)
   SELECT p.tenant_id AS "tenantId", p.id, p.entity_type AS "entityType", p.entity_id AS "entityId", p.granted
   FROM entity_pauses p
   WHERE p.partition = $1 AND NOT EXISTS (SELECT FROM ended e WHERE e.tenant_id = p.tenant_id AND e.id = p.id)`,
);

/**
 * All pauses of a partition's entities, asked for or granted; ends those whose time is over and that nothing uses. One that
 * was there before and isn't now has ended for good, and its sync steps are committed or will never be.
 */
export async function loadPauses(db: Database, partition: number): Promise<PauseRow[]> {
  return await run<PauseRow>(db.pool, load, [partition]);
}

const loadPartitions = statement(
  "load_paused_partitions",
  "SELECT DISTINCT partition FROM entity_pauses WHERE partition = ANY($1)",
);

/** Those of the partitions that have pauses: what a notification may have missed. */
export async function loadPausedPartitions(db: Database, partitions: readonly number[]): Promise<number[]> {
  return (await run<{ partition: number }>(db.pool, loadPartitions, [partitions])).map(({ partition }) => partition);
}
