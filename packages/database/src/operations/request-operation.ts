import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type OperationRow, operationColumns } from "./operation-row.ts";

/** What may be asked of an operation from outside; only the owner of its partition acts on it. */
export interface RequestedChange {
  kind: "cancel" | "retry" | "skip";
  /** Who asks: an API key's id. */
  by: string;
}

export type RequestResult =
  | { kind: "requested"; operation: OperationRow }
  /** It has ended, or for retry and skip: it isn't stuck. */
  | { kind: "refused"; operation: OperationRow }
  | { kind: "unknown" };

const request = statement(
  "request_operation",
  `WITH asked AS (
     UPDATE operations o SET request = $3::jsonb
     WHERE o.tenant_id = $1 AND o.id = $2 AND o.completed_at IS NULL AND ($3::jsonb->>'kind' = 'cancel' OR o.status = 'stuck')
     RETURNING o.*),
   told AS (SELECT pg_notify('postback_requests', partition || '/' || tenant_id || '/' || id) FROM asked)
   SELECT true AS requested, ${operationColumns} FROM asked o, told
   UNION ALL
   SELECT false, ${operationColumns} FROM operations o
   WHERE o.tenant_id = $1 AND o.id = $2 AND NOT EXISTS (SELECT 1 FROM asked)`,
);

/** Sets a request on the row and wakes the owner. A later request replaces one that was not acted on yet. */
export async function requestOperation(
  db: Database,
  tenantId: string,
  id: string,
  change: RequestedChange,
): Promise<RequestResult> {
  const values = [tenantId, id, JSON.stringify(change)];
  const [row] = await run<OperationRow & { requested: boolean }>(db.pool, request, values);
  if (!row) return { kind: "unknown" };
  const { requested, ...operation } = row;
  return { kind: requested ? "requested" : "refused", operation };
}
