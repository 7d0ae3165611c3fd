import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface OperationEventRow {
  id: string;
  type: string;
  /** The partners that it is for; null: all whose grant allows it. */
  audience: string[] | null;
  /** The webhook's body, as JSON text. */
  body: string;
  /** Its place among the numbered events of its partition, decimal. */
  number: string;
}

const list = statement(
  "list_operation_events",
  `SELECT id, type, audience, body, number::text AS number FROM events
   WHERE tenant_id = $1 AND operation_id = $2 ORDER BY events.number LIMIT $3`,
);

/** What an operation told, in order, at most `limit`. */
export async function listOperationEvents(
  db: Database,
  tenantId: string,
  operationId: string,
  limit: number,
): Promise<OperationEventRow[]> {
  return await run<OperationEventRow>(db.pool, list, [tenantId, operationId, limit]);
}
