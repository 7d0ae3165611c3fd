import { type OperationRow, operationColumns } from "../operations/operation-row.ts";
import { type Queryable, run, statement } from "../statement.ts";
import type { LockedEntity } from "./lock-entity.ts";

/** A write with sync steps that is asked for. */
export interface AskedWrite extends LockedEntity {
  /** The client's own id. */
  id?: string | undefined;
  idempotencyKey?: string | undefined;
}

/** What stands before a write with sync steps. */
export interface FoundBefore {
  /** The operation that has the idempotency key, or the id, already. */
  earlier?: OperationRow & { hash: string };
  /** An operation of the entity that has not ended. */
  busyWith?: string;
}

const findEarlier = statement(
  "find_earlier_operation",
  `SELECT o.request_hash AS hash, ${operationColumns} FROM operations o
   WHERE o.tenant_id = $1
     AND o.id = coalesce((SELECT operation_id FROM idempotency_keys WHERE tenant_id = $1 AND key = $2), $3::uuid)`,
);

const findUnfinished = statement(
  "find_unfinished_of_entity",
  `SELECT id FROM operations
   WHERE tenant_id = $1 AND entity_type = $2 AND entity_id = $3 AND completed_at IS NULL LIMIT 1`,
);

/**
 * Looks for the operation that a repeated request stands for, and for whatever keeps the entity busy: admitted or not, an
 * operation that was answered has its row.
 */
export async function findBefore(on: Queryable, asked: AskedWrite): Promise<FoundBefore> {
  const { tenantId, entityType, entityId, id, idempotencyKey } = asked;
  const isRepeatable = id !== undefined || idempotencyKey !== undefined;
  const [[earlier], [unfinished]] = await Promise.all([
    isRepeatable
      ? run<OperationRow & { hash: string }>(on, findEarlier, [tenantId, idempotencyKey ?? null, id ?? null])
      : [],
    run<{ id: string }>(on, findUnfinished, [tenantId, entityType, entityId]),
  ]);
  return { ...(earlier ? { earlier } : {}), ...(unfinished ? { busyWith: unfinished.id } : {}) };
}
