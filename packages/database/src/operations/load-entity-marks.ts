import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface EntityKey {
  tenantId: string;
  type: string;
  id: string;
}

export interface EntityMark {
  /** Operations that have not ended, counted up to the bound that was given. */
  pending: number;
  oldestPendingAt: Date | null;
  lastOperationId: string | null;
  /** Another one after every change of its pending operations or its last one. */
  change: string;
}

const load = statement(
  "load_entity_marks",
  `SELECT p.pending, p.oldest AS "oldestPendingAt", l.id AS "lastOperationId",
     concat_ws('/', p.pending, extract(epoch FROM p.oldest), l.id, l.version, extract(epoch FROM l.updated_at)) AS change
   FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS w (tenant_id, type, id, place)
   CROSS JOIN LATERAL (
     SELECT count(*)::integer AS pending, min(u.created_at) AS oldest FROM (
       SELECT o.created_at FROM operations o
       WHERE o.tenant_id = w.tenant_id AND o.entity_type = w.type AND o.entity_id = w.id AND o.completed_at IS NULL
       LIMIT $4) u) p
   LEFT JOIN LATERAL (
     SELECT o.id, o.version, o.updated_at FROM operations o
     WHERE o.tenant_id = w.tenant_id AND o.entity_type = w.type AND o.entity_id = w.id
     ORDER BY o.id DESC LIMIT 1) l ON true
   ORDER BY w.place`,
);

/** How far the operations of many entities are, with one statement, in the order of the keys. */
export async function loadEntityMarks(
  db: Database,
  keys: readonly EntityKey[],
  pendingMax: number,
): Promise<EntityMark[]> {
  const columns = [keys.map(({ tenantId }) => tenantId), keys.map(({ type }) => type), keys.map(({ id }) => id)];
  return await run<EntityMark>(db.pool, load, [...columns, pendingMax]);
}
