import type { Database } from "../open-database.ts";
import { type OperationRow, operationColumns } from "../operations/operation-row.ts";
import { run, statement } from "../statement.ts";

/** An operation with its sync steps done, which its owner has to admit. */
export interface OutboxRow extends OperationRow {
  /** What its steps emitted. */
  events: unknown;
  recordedAt: Date;
}

const load = statement(
  "load_outbox",
  `SELECT x.events, x.created_at AS "recordedAt", ${operationColumns}
   FROM (SELECT * FROM outbox WHERE partition = $1 ORDER BY seq LIMIT $2) x
   JOIN operations o ON o.tenant_id = x.tenant_id AND o.id = x.operation_id ORDER BY x.seq`,
);

/** What waits in a partition's outbox, at most `limit`, each entity's in the order in which it was committed. */
export async function loadOutbox(db: Database, partition: number, limit: number): Promise<OutboxRow[]> {
  return await run<OutboxRow>(db.pool, load, [partition, limit]);
}

const loadPartitions = statement(
  "load_outbox_partitions",
  `SELECT p AS partition FROM unnest($1::integer[]) AS p WHERE EXISTS (SELECT FROM outbox o WHERE o.partition = p)`,
);

/** Those of the partitions whose outbox isn't empty: what a notification may have missed. */
export async function loadOutboxPartitions(db: Database, partitions: readonly number[]): Promise<number[]> {
  return (await run<{ partition: number }>(db.pool, loadPartitions, [partitions])).map(({ partition }) => partition);
}
