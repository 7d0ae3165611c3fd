import { type EventRow, eventColumns, eventRecord, eventValues } from "../dispatch/event-row.ts";
import { sqlStateOf } from "../failures.ts";
import { idSpan } from "../ranges/id-span.ts";
import { type Queryable, run, statement } from "../statement.ts";

/** An operation's new state, on the condition that it is at `version` and its partition at `epoch`. */
export interface Checkpoint {
  partition: number;
  /** Decimal. */
  epoch: string;
  tenantId: string;
  id: string;
  version: number;
  status: string;
  step?: string | undefined;
  steps: unknown;
  cause?: unknown;
  result?: unknown;
  error?: unknown;
  /** From now, where the step waits for a retry. */
  nextAttemptInMs?: number | undefined;
  completed: boolean;
  /** The request that this state takes into account: it is done with, unless another one came since. */
  request?: unknown;
  /** Hands this step over to its queue, at the version that this checkpoint makes. */
  dispatchedStep?: string | undefined;
  /** The result of the step that was handed over is in this state: it is not needed any more. */
  takesResult?: boolean | undefined;
  events: readonly EventRow[];
}

export type CheckpointResult =
  | { kind: "saved"; version: number; request: unknown }
  /** Another owner has the partition: drop its queues. */
  | { kind: "fenced" }
  /** The row is at another version: read it again. */
  | { kind: "outdated" };

const savingMany = `WITH c AS (
     SELECT * FROM json_to_recordset($1) AS c (partition integer, epoch bigint, "tenantId" uuid, id uuid, version integer,
       status text, step text, steps jsonb, cause jsonb, result jsonb, error jsonb, "nextAttemptInMs" double precision,
       completed boolean, request jsonb, "dispatchedStep" text, "takesResult" boolean)),
   fence AS (
     SELECT o.partition, o.epoch FROM partition_owners o
     WHERE (o.partition, o.epoch) IN (SELECT partition, epoch FROM c) ORDER BY o.partition FOR KEY SHARE),
   saved AS (
     UPDATE operations o SET status = c.status, version = o.version + 1, step = c.step, steps = c.steps, cause = c.cause,
       result = c.result, error = c.error, updated_at = now(),
       next_attempt_at = now() + make_interval(secs => c."nextAttemptInMs" / 1000.0),
       completed_at = CASE WHEN c.completed THEN now() END,
       dispatched_step = c."dispatchedStep",
       dispatched_version = CASE WHEN c."dispatchedStep" IS NOT NULL THEN o.version + 1 END,
       request = CASE WHEN o.request IS DISTINCT FROM c.request THEN o.request END
     FROM c JOIN fence USING (partition, epoch)
     WHERE o.tenant_id = c."tenantId" AND o.id = c.id AND o.version = c.version AND o.id BETWEEN $3 AND $4
     RETURNING o.tenant_id, o.id, o.version, o.request),
   taken AS (
     DELETE FROM step_results r USING c JOIN saved s ON s.tenant_id = c."tenantId" AND s.id = c.id
     WHERE c."takesResult" AND r.tenant_id = c."tenantId" AND r.operation_id = c.id),
   told AS (
     INSERT INTO events (${eventColumns}) SELECT ${eventValues} FROM json_to_recordset($2) AS e ${eventRecord}
     WHERE EXISTS (SELECT 1 FROM saved s WHERE s.tenant_id = e."tenantId" AND s.id = e."operationId"))`;
const fromEach = `FROM c LEFT JOIN fence f ON f.partition = c.partition AND f.epoch = c.epoch
   LEFT JOIN saved s ON s.tenant_id = c."tenantId" AND s.id = c.id`;

const save = statement(
  "save_checkpoints",
  `${savingMany}
   SELECT c.id, c."tenantId", f.partition IS NOT NULL AS owned, s.version, s.request ${fromEach}`,
);

/** The same as the last statement of a transaction that all of them share: it fails where it doesn't save each. */
const saveAllOrFail = statement(
  "save_checkpoints_or_fail",
  `${savingMany}
   SELECT c.id, c."tenantId", true AS owned, s.request,
     CASE WHEN s.version IS NULL THEN refuse_checkpoint(f.partition IS NOT NULL) ELSE s.version END AS version ${fromEach}`,
);

/**
 * One operation, as the last statement of a transaction. Fails where it doesn't save, so that it can be sent together
 * with COMMIT. Plain parameters let the server go to the one range of the table that has the row: half the cost of the
 * statement for many.
 */
const saveOrFail = statement(
  "save_checkpoint_or_fail",
  `WITH fence AS (SELECT 1 FROM partition_owners WHERE partition = $1 AND epoch = $2 FOR KEY SHARE),
   saved AS (
     UPDATE operations o SET status = $6, version = o.version + 1, step = $7, steps = $8, cause = $9, result = $10,
       error = $11, updated_at = now(), next_attempt_at = now() + make_interval(secs => $12::double precision / 1000),
       completed_at = CASE WHEN $13 THEN now() END, dispatched_step = $14::text,
       dispatched_version = CASE WHEN $14::text IS NOT NULL THEN o.version + 1 END,
       request = CASE WHEN o.request IS DISTINCT FROM $15::jsonb THEN o.request END
     WHERE o.tenant_id = $3 AND o.id = $4 AND o.version = $5 AND EXISTS (SELECT 1 FROM fence)
     RETURNING o.version, o.request)
   SELECT CASE WHEN s.version IS NULL THEN refuse_checkpoint(EXISTS (SELECT 1 FROM fence)) ELSE s.version END AS version,
     s.request FROM (SELECT 1) AS one LEFT JOIN saved s ON true`,
);

/** Its events, sent along: where the checkpoint fails, this fails with it. */
const tell = statement(
  "tell_events",
  `INSERT INTO events (${eventColumns}) SELECT ${eventValues} FROM json_to_recordset($1) AS e ${eventRecord}`,
);

interface SavedRow {
  id: string;
  tenantId: string;
  owned: boolean;
  version: number | null;
  request: unknown;
}

/**
 * Saves operations with their events, each wholly or not at all: an event is only written where its operation was. A
 * statement that is a transaction by itself.
 * @returns a result for each, in their order
 */
export async function saveCheckpoints(on: Queryable, checkpoints: readonly Checkpoint[]): Promise<CheckpointResult[]> {
  return resultsOf(checkpoints, await run<SavedRow>(on, save, parametersOf(checkpoints)));
}

/**
 * Saves operations as the end of a transaction that they share, to be sent together with its COMMIT: all or none.
 * @returns a result for each, in their order
 * @throws an error that {@link refusedCheckpoint} knows where one's fence or version doesn't match: COMMIT then rolls back
 */
export async function saveCheckpointsOrFail(
  on: Queryable,
  checkpoints: readonly Checkpoint[],
): Promise<CheckpointResult[]> {
  return resultsOf(checkpoints, await run<SavedRow>(on, saveAllOrFail, parametersOf(checkpoints)));
}

/**
 * Saves one operation as the end of a transaction, to be sent together with its COMMIT.
 * @throws an error that {@link refusedCheckpoint} knows where fence or version don't match: COMMIT then rolls back
 */
export async function saveCheckpointOrFail(
  on: Queryable,
  checkpoint: Omit<Checkpoint, "takesResult">,
): Promise<CheckpointResult> {
  const { events } = checkpoint;
  const saving = run<{ version: number; request: unknown }>(on, saveOrFail, valuesOf(checkpoint));
  const telling = events.length > 0 ? run(on, tell, [JSON.stringify(events)]) : undefined;
  const [[row]] = await Promise.all([saving, telling]);
  if (!row) throw new Error("a checkpoint was neither saved nor refused");
  return { kind: "saved", ...row };
}

const jsonOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

const valuesOf = (c: Omit<Checkpoint, "takesResult">): readonly unknown[] => [
  c.partition,
  c.epoch,
  c.tenantId,
  c.id,
  c.version,
  c.status,
  c.step ?? null,
  jsonOf(c.steps),
  jsonOf(c.cause),
  jsonOf(c.result),
  jsonOf(c.error),
  c.nextAttemptInMs ?? null,
  c.completed,
  c.dispatchedStep ?? null,
  jsonOf(c.request),
];

/** What a checkpoint that failed came to, if it is fence or version that refused it. */
export function refusedCheckpoint(error: unknown): CheckpointResult | undefined {
  const state = sqlStateOf(error);
  if (state === "PB001") return { kind: "fenced" };
  return state === "PB002" ? { kind: "outdated" } : undefined;
}

function parametersOf(
  checkpoints: readonly Checkpoint[],
): [states: string, events: string, lowest: string, highest: string] {
  // JSON leaves it out. A copy of the rest of the properties would take twice as long as the text itself.
  const states = checkpoints.map((checkpoint) => ({ ...checkpoint, events: undefined }));
  const events = checkpoints.flatMap((checkpoint) => checkpoint.events);
  return [JSON.stringify(states), JSON.stringify(events), ...idSpan(checkpoints.map(({ id }) => id))];
}

function resultsOf(checkpoints: readonly Checkpoint[], rows: readonly SavedRow[]): CheckpointResult[] {
  const byKey = new Map(rows.map((row) => [`${row.tenantId}/${row.id}`, row]));
  return checkpoints.map((c) => resultOf(byKey.get(`${c.tenantId}/${c.id}`)));
}

function resultOf(row: SavedRow | undefined): CheckpointResult {
  if (!row?.owned) return { kind: "fenced" };
  if (row.version === null) return { kind: "outdated" };
  return { kind: "saved", version: row.version, request: row.request };
}
