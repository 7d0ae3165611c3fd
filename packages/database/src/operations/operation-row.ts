/** An operation as it is read: JSON columns parsed, 64-bit numbers as text (they may pass 2^53). */
export interface OperationRow {
  tenantId: string;
  id: string;
  type: string;
  revision: number;
  entityType: string;
  entityId: string;
  partition: number;
  position: string | null;
  status: string;
  version: number;
  input: string;
  step: string | null;
  steps: unknown;
  cause: unknown;
  result: unknown;
  error: unknown;
  request: unknown;
  /** The step that was handed over to a queue, at which version. */
  dispatchedStep: string | null;
  dispatchedVersion: number | null;
  duplicateOf: string | null;
  audience: string[] | null;
  traceparent: string | null;
  nextAttemptAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  completedAt: Date | null;
}

/** Selects an {@link OperationRow} out of a table named `o`. */
export const operationColumns = `o.tenant_id AS "tenantId", o.id, o.type, o.revision, o.entity_type AS "entityType",
  o.entity_id AS "entityId", o.partition, o.position::text AS position, o.status, o.version, o.input, o.step, o.steps,
  o.cause, o.result, o.error, o.request,
  o.dispatched_step AS "dispatchedStep", o.dispatched_version AS "dispatchedVersion", o.duplicate_of AS "duplicateOf", o.audience, o.traceparent,
  o.next_attempt_at AS "nextAttemptAt", o.created_at AS "createdAt", o.updated_at AS "updatedAt",
  o.completed_at AS "completedAt"`;
