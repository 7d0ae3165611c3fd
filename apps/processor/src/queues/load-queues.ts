import { type Database, loadUnfinished, loadUnfinishedOfEntity, type OperationRow } from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { PartitionQueues } from "./partition-queues.ts";
import { defaultBounds, type QueueEvents } from "./queued.ts";
import { toQueued } from "./to-queued.ts";

export interface LoadOptions {
  db: Database;
  partition: number;
  queues: PartitionQueues;
  /** Whether an operation is stuck while its entity goes on. */
  isParked(row: OperationRow): boolean;
  /** Aborted when the partition is lost. */
  lost: AbortSignal;
  logger: Logger;
}

const pageMax = 1_000;

type EntityEnd = Parameters<QueueEvents["onEntityDrained"]>[0];

/**
 * Reads admitted operations that have not ended into the queues, in order, as far as there is room. Parked ones of which
 * something is asked get their turn after that: what a former owner has begun of their entity goes first.
 */
export async function loadQueues(options: LoadOptions): Promise<void> {
  const { db, partition, queues, isParked } = options;
  const asked: OperationRow[] = [];
  for (let goesOn = true; goesOn; ) {
    const rows = await untilRead(options, () => loadUnfinished(db, partition, queues.highest, pageMax));
    if (rows === undefined) return;
    goesOn = queues.load(rows.map((row) => toQueued(row, true, isParked(row))));
    asked.push(...rows.filter((row) => row.request !== null && isParked(row)));
  }
  for (const { tenantId, id } of asked) queues.wake(tenantId, id);
}

/** The same for one entity whose queue has run empty while more of it was left out. */
export async function loadEntityQueue(options: LoadOptions, last: EntityEnd): Promise<void> {
  const { db, queues, isParked } = options;
  const entity = entityOf(last);
  const rows = await untilRead(options, () =>
    loadUnfinishedOfEntity(db, entity, last.position, defaultBounds.perEntityMax),
  );
  if (rows === undefined) return;
  queues.loadEntity(
    last.entityKey,
    rows.map((row) => toQueued(row, true, isParked(row))),
  );
}

/** The parts of `tenant:type:id`; a type has no colon, an id may. */
function entityOf({ tenantId, entityKey }: EntityEnd): { tenantId: string; type: string; id: string } {
  const rest = entityKey.slice(tenantId.length + 1);
  const colon = rest.indexOf(":");
  return { tenantId, type: rest.slice(0, colon), id: rest.slice(colon + 1) };
}

function untilRead<T>({ lost, logger, partition }: LoadOptions, read: () => Promise<T>): Promise<T | undefined> {
  return keepTrying(read, { logger, event: "operations.not-loaded", fields: { partition }, signal: lost });
}
