import { type EventRow, eventColumns, eventRecord, eventValues } from "../dispatch/event-row.ts";
import { type OperationRow, operationColumns } from "../operations/operation-row.ts";
import { type Queryable, run, statement } from "../statement.ts";

/** An operation of the outbox and the position that it gets. */
export interface OutboxPlace {
  tenantId: string;
  id: string;
  /** epoch·2^40 + n, decimal. */
  position: string;
}

export type OutboxAdmission =
  | { kind: "fenced" }
  /** Those that this very statement took out of the outbox, as their rows are now. */
  | { kind: "admitted"; operations: OperationRow[] };

/** Whoever deletes the row of the outbox tells its events: no other statement can do it too. */
const admit = statement(
  "admit_outbox",
  `WITH fence AS (SELECT 1 FROM partition_owners WHERE partition = $1 AND epoch = $2 FOR KEY SHARE),
   c AS (
     SELECT c.* FROM json_to_recordset($3) AS c ("tenantId" uuid, id uuid, position bigint)
     WHERE EXISTS (SELECT 1 FROM fence)),
   taken AS (
     DELETE FROM outbox x USING c
     WHERE x.tenant_id = c."tenantId" AND x.operation_id = c.id AND x.partition = $1
     RETURNING x.tenant_id, x.operation_id),
   placed AS (
     UPDATE operations o SET position = coalesce(o.position, c.position)
     FROM c JOIN taken t ON t.tenant_id = c."tenantId" AND t.operation_id = c.id
     WHERE o.tenant_id = c."tenantId" AND o.id = c.id
     RETURNING ${operationColumns}, o.position AS place),
   told AS (
     INSERT INTO events (${eventColumns}) SELECT ${eventValues} FROM json_to_recordset($4) AS e ${eventRecord}
     WHERE EXISTS (SELECT 1 FROM taken t WHERE t.tenant_id = e."tenantId" AND t.operation_id = e."operationId"))
   SELECT f.owned, placed.* FROM (SELECT EXISTS (SELECT 1 FROM fence) AS owned) AS f
   LEFT JOIN placed ON true ORDER BY place`,
);

/**
 * Admits what waits in the outbox of a partition: position, events and the end of the outbox row are one statement, which
 * is a transaction by itself and holds the fence to its commit.
 * @param events numbered, of any of the operations
 */
export async function admitOutbox(
  on: Queryable,
  { partition, epoch }: { partition: number; epoch: bigint },
  places: readonly OutboxPlace[],
  events: readonly EventRow[],
): Promise<OutboxAdmission> {
  const values = [partition, epoch.toString(), JSON.stringify(places), JSON.stringify(events)];
  const rows = await run<OperationRow & { owned: boolean; place: string | null }>(on, admit, values);
  if (!rows.some(({ owned }) => owned)) return { kind: "fenced" };
  const operations = rows.flatMap(({ owned: _, place, ...row }) => (place === null ? [] : [row]));
  return { kind: "admitted", operations };
}
