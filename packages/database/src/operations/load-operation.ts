import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type OperationRow, operationColumns } from "./operation-row.ts";

const load = statement(
  "load_operation",
  `SELECT ${operationColumns} FROM operations o WHERE o.tenant_id = $1 AND o.id = $2`,
);

/** The operation's row, its own: a duplicate names its original in `duplicateOf`. */
export async function loadOperation(db: Database, tenantId: string, id: string): Promise<OperationRow | undefined> {
  const [row] = await run<OperationRow>(db.pool, load, [tenantId, id]);
  return row;
}
