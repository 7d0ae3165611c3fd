import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export type PauseGrant =
  | { kind: "fenced" }
  /** Those of the ids that hold now. The others have ended, or a step of their entity is with a queue's worker. */
  | { kind: "granted"; ids: string[] };

/** A step that is handed over counts as running until the owner has taken its result: a worker may be at it. */
const grant = statement(
  "grant_pauses",
  `WITH fence AS (SELECT 1 FROM partition_owners WHERE partition = $1 AND epoch = $2 FOR KEY SHARE),
   granted AS (
     UPDATE entity_pauses p SET granted = true
     WHERE p.partition = $1 AND p.id = ANY($3::uuid[]) AND EXISTS (SELECT FROM fence)
       AND NOT EXISTS (
         SELECT FROM operations o
         WHERE o.tenant_id = p.tenant_id AND o.entity_type = p.entity_type AND o.entity_id = p.entity_id
           AND o.completed_at IS NULL AND o.dispatched_step IS NOT NULL)
     RETURNING p.id)
   SELECT EXISTS (SELECT FROM fence) AS owned, (SELECT coalesce(array_agg(id::text), '{}') FROM granted) AS ids`,
);

/**
 * Grants pauses of entities of which the owner runs no step and begins none. Under the fence: what an owner grants, the
 * next one finds.
 * @throws when the answer was lost; then they may be granted, or still come to be
 */
export async function grantPauses(
  db: Database,
  { partition, epoch }: { partition: number; epoch: bigint },
  ids: readonly string[],
): Promise<PauseGrant> {
  const [row] = await run<{ owned: boolean; ids: string[] }>(db.pool, grant, [partition, epoch.toString(), ids]);
  return row?.owned === true ? { kind: "granted", ids: row.ids } : { kind: "fenced" };
}
