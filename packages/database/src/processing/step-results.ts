import type { Database } from "../open-database.ts";
import { type Queryable, run, statement } from "../statement.ts";

/** A step that was handed over: only a result for exactly this pair counts. */
export interface DispatchedStep {
  tenantId: string;
  operationId: string;
  step: string;
  version: number;
}

/** What a worker's attempt came to, and the events that it emitted. */
export interface StepResult {
  outcome: unknown;
  events: unknown;
}

/**
 * The operation still waits for this very step: its row is locked against a checkpoint of the owner until the worker's
 * transaction ends, so that the owner either sees the result or has moved on before anything was done.
 */
const write = statement(
  "write_step_result",
  `WITH wanted AS (
     SELECT o.partition FROM operations o
     WHERE o.tenant_id = $1 AND o.id = $2 AND o.dispatched_step = $3 AND o.dispatched_version = $4 AND o.version = $4
       AND o.completed_at IS NULL
     FOR SHARE),
   written AS (
     INSERT INTO step_results (tenant_id, operation_id, step, version, partition, outcome, events)
     SELECT $1, $2, $3, $4, partition, $5, $6 FROM wanted ON CONFLICT DO NOTHING RETURNING partition)
   SELECT pg_notify('postback_step_results', partition || '/' || $1 || '/' || $2) FROM written`,
);

/**
 * Writes the result of an attempt, on a client inside a transaction together with the step's effect.
 * @returns false when the step isn't wanted any more, or has a result already: nothing of this attempt may stay
 */
export async function writeStepResult(on: Queryable, dispatched: DispatchedStep, result: StepResult): Promise<boolean> {
  const { tenantId, operationId, step, version } = dispatched;
  const values = [tenantId, operationId, step, version, JSON.stringify(result.outcome), JSON.stringify(result.events)];
  return (await run(on, write, values)).length > 0;
}

const find = statement(
  "find_step_result",
  `SELECT outcome, events FROM step_results
   WHERE tenant_id = $1 AND operation_id = $2 AND step = $3 AND version = $4`,
);

export async function findStepResult(on: Queryable, dispatched: DispatchedStep): Promise<StepResult | undefined> {
  const { tenantId, operationId, step, version } = dispatched;
  const [row] = await run<StepResult>(on, find, [tenantId, operationId, step, version]);
  return row;
}

const lock = statement("lock_operation", "SELECT 1 FROM operations WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE");

/** Waits for a worker that is writing its result, and keeps others out until the transaction ends. */
export async function lockOperation(on: Queryable, { tenantId, id }: { tenantId: string; id: string }): Promise<void> {
  await run(on, lock, [tenantId, id]);
}

const loadPending = statement(
  "load_pending_step_results",
  `SELECT partition, tenant_id AS "tenantId", operation_id AS id FROM step_results
   WHERE partition = ANY($1) ORDER BY created_at LIMIT $2`,
);

/** Operations of these partitions with a result that their owner has not taken yet. */
export async function loadPendingResults(
  db: Database,
  partitions: readonly number[],
  limit: number,
): Promise<{ partition: number; tenantId: string; id: string }[]> {
  return await run(db.pool, loadPending, [partitions, limit]);
}
