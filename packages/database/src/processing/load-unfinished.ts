import type { Database } from "../open-database.ts";
import { type OperationRow, operationColumns } from "../operations/operation-row.ts";
import { run, statement } from "../statement.ts";

const load = statement(
  "load_unfinished",
  `SELECT ${operationColumns} FROM operations o
   WHERE o.partition = $1 AND o.position > $2 AND o.completed_at IS NULL ORDER BY o.position LIMIT $3`,
);

/** Admitted operations of a partition that have not ended, in log order, those after a position, at most `limit`. */
export async function loadUnfinished(
  db: Database,
  partition: number,
  after: bigint,
  limit: number,
): Promise<OperationRow[]> {
  return await run<OperationRow>(db.pool, load, [partition, after.toString(), limit]);
}

const loadOfEntity = statement(
  "load_unfinished_of_entity",
  `SELECT ${operationColumns} FROM operations o
   WHERE o.tenant_id = $1 AND o.entity_type = $2 AND o.entity_id = $3 AND o.position > $4 AND o.completed_at IS NULL
   ORDER BY o.position LIMIT $5`,
);

/** The same of one entity. */
export async function loadUnfinishedOfEntity(
  db: Database,
  entity: { tenantId: string; type: string; id: string },
  after: bigint,
  limit: number,
): Promise<OperationRow[]> {
  return await run<OperationRow>(db.pool, loadOfEntity, [
    entity.tenantId,
    entity.type,
    entity.id,
    after.toString(),
    limit,
  ]);
}
