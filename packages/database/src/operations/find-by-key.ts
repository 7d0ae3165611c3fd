import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type OperationRow, operationColumns } from "./operation-row.ts";

const find = statement(
  "find_operation_by_key",
  `SELECT o.request_hash AS hash, ${operationColumns} FROM idempotency_keys k
   JOIN operations o ON o.tenant_id = k.tenant_id AND o.id = k.operation_id
   WHERE k.tenant_id = $1 AND k.key = $2`,
);

/** The operation that has an idempotency key already, with the hash of its request: a repeated request needs no command. */
export async function findOperationByKey(
  db: Database,
  tenantId: string,
  key: string,
): Promise<(OperationRow & { hash: string }) | undefined> {
  const [row] = await run<OperationRow & { hash: string }>(db.pool, find, [tenantId, key]);
  return row;
}
