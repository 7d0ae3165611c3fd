import { sqlStateOf } from "../failures.ts";
import type { CommandRow } from "../operations/command-row.ts";
import { type OperationRow, operationColumns } from "../operations/operation-row.ts";
import { type Queryable, run, statement } from "../statement.ts";

/** An operation whose sync steps were done: it is in no log, so that it has no offset. */
export interface SyncedOperation extends Omit<CommandRow, "logOffset"> {
  status: string;
  result?: unknown;
  /** All of its steps were sync. */
  completed: boolean;
  /** What its steps emitted, for the owner of its partition to number and to tell. */
  events: readonly unknown[];
}

/**
 * The operation, its key and what the owner has to do for it, together; the owner is woken by the commit. Fails where id
 * or key is taken, so that it can be sent together with COMMIT. A key that is written here belongs to this operation for
 * good: a command that comes by the log under it is a twin.
 */
const make = statement(
  "make_synced_operation",
  `WITH keyed AS (
     INSERT INTO idempotency_keys (tenant_id, key, operation_id, request_hash, admitted)
     SELECT $1::uuid, $9::text, $2::uuid, $8::text, true WHERE $9 IS NOT NULL
     ON CONFLICT DO NOTHING RETURNING operation_id),
   made AS (
     INSERT INTO operations AS o (tenant_id, id, type, revision, entity_type, entity_id, partition, request_hash,
       idempotency_key, input, audience, traceparent, created_at, status, step, steps, result, completed_at)
     SELECT $1, $2, $3::text, $4::integer, $5::text, $6::text, $7::integer, $8, $9, $10::text, $11::uuid[], $12::text,
       to_timestamp($13::double precision / 1000), $14::text, $15::text, $16::jsonb, $17::jsonb,
       CASE WHEN $18::boolean THEN now() END
     WHERE $9 IS NULL OR EXISTS (SELECT 1 FROM keyed)
     ON CONFLICT (tenant_id, id) DO NOTHING RETURNING ${operationColumns}),
   boxed AS (
     INSERT INTO outbox (tenant_id, operation_id, partition, entity_type, entity_id, events)
     SELECT $1, id, $7, $5, $6, $19::jsonb FROM made),
   told AS (SELECT pg_notify('postback_outbox', $7 || '/' || $1 || '/' || $2) FROM made)
   SELECT made.*, CASE WHEN made.id IS NULL THEN refuse_taken() END AS taken
   FROM (SELECT count(*) FROM told) AS woken LEFT JOIN made ON true`,
);

/**
 * Writes an operation with its sync steps done, as the end of their transaction.
 * @throws an error that {@link wasTaken} knows where another operation has its id or its idempotency key
 */
export async function makeSynced(on: Queryable, made: SyncedOperation): Promise<OperationRow> {
  const [row] = await run<OperationRow & { taken: null }>(on, make, valuesOf(made));
  if (!row) throw new Error("an operation was neither made nor refused");
  const { taken: _, ...operation } = row;
  return operation;
}

const jsonOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

const valuesOf = (o: SyncedOperation): readonly unknown[] => [
  o.tenantId,
  o.id,
  o.type,
  o.revision,
  o.entityType,
  o.entityId,
  o.partition,
  o.hash,
  o.key ?? null,
  o.input,
  o.audience ?? null,
  o.traceparent ?? null,
  o.acceptedAtMs,
  o.status,
  o.step ?? null,
  jsonOf(o.steps),
  jsonOf(o.result),
  o.completed,
  JSON.stringify(o.events),
];

/** The id, or the idempotency key, was another operation's by then: look again, and answer with that one. */
export const wasTaken = (error: unknown): boolean => sqlStateOf(error) === "PB003";
