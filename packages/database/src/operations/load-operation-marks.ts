import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface OperationKey {
  tenantId: string;
  id: string;
}

/** How far an operation is, in as much as those who wait for it need. */
export interface OperationMark {
  version: number;
  updatedAt: Date;
  ended: boolean;
  entityType: string;
  entityId: string;
}

const load = statement(
  "load_operation_marks",
  `SELECT o.id IS NOT NULL AS known, coalesce(d.version, o.version) AS version,
     coalesce(d.updated_at, o.updated_at) AS "updatedAt",
     (CASE WHEN o.duplicate_of IS NULL THEN o.completed_at ELSE d.completed_at END) IS NOT NULL AS ended,
     o.entity_type AS "entityType", o.entity_id AS "entityId"
   FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS w (tenant_id, id, place)
   LEFT JOIN LATERAL (SELECT * FROM operations o WHERE o.tenant_id = w.tenant_id AND o.id = w.id) o ON true
   LEFT JOIN LATERAL (SELECT * FROM operations d WHERE d.tenant_id = w.tenant_id AND d.id = o.duplicate_of) d ON true
   ORDER BY w.place`,
);

/** The marks of many operations with one statement, in the order of the keys; a twin has that of its original. */
export async function loadOperationMarks(
  db: Database,
  keys: readonly OperationKey[],
): Promise<(OperationMark | undefined)[]> {
  const values = [keys.map(({ tenantId }) => tenantId), keys.map(({ id }) => id)];
  const rows = await run<OperationMark & { known: boolean }>(db.pool, load, values);
  return rows.map(({ known, ...mark }) => (known ? mark : undefined));
}
