import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type OperationRow, operationColumns } from "./operation-row.ts";

export interface KeyedOperation extends OperationRow {
  key: string;
  /** Of the request that made it. */
  hash: string;
}

const find = statement(
  "find_operations_by_keys",
  `SELECT k.key, o.request_hash AS hash, ${operationColumns} FROM idempotency_keys k
   JOIN operations o ON o.tenant_id = k.tenant_id AND o.id = k.operation_id
   WHERE k.tenant_id = $1 AND k.key = ANY ($2::text[])`,
);

/** The operations that have these idempotency keys already, each with its key. */
export async function findOperationsByKeys(
  db: Database,
  tenantId: string,
  keys: readonly string[],
): Promise<KeyedOperation[]> {
  return await run<KeyedOperation>(db.pool, find, [tenantId, keys]);
}
