import type { Database } from "../open-database.ts";
import { type CommandRow, commandColumns, commandRecord, commandValues } from "../operations/command-row.ts";
import { idSpan } from "../ranges/id-span.ts";
import { run, type Statement, statement } from "../statement.ts";

export interface AdmittedCommand extends CommandRow {
  /** epoch·2^40 + n, decimal. */
  position: string;
  /** It is ended instead of begun, unless it was admitted before: keys of its time are forgotten. */
  tooOld?: boolean | undefined;
}

/** Whether the locks of entities are shared: only where some command is of an entity type that has sync steps. */
type Locks = "none" | "shared";

const eachLocking = (name: string, textOf: (locks: Locks) => string): Readonly<Record<Locks, Statement>> => ({
  none: statement(name, textOf("none")),
  shared: statement(`${name}_sharing_locks`, textOf("shared")),
});

/** The columns of a JSON array of commands with the epoch that each is admitted under. */
const admittedRecord = commandRecord.replace(/\)$/, ', epoch bigint, "tooOld" boolean)');

/** How a command stands after admission. */
export interface AdmissionState {
  id: string;
  tenantId: string;
  /** None where it waits in the outbox: it is admitted from there. */
  position: string | null;
  status: string;
  version: number;
  completed: boolean;
  nextAttemptInMs: number | null;
  /** Admitted by this very statement; else it was there before. */
  fresh: boolean;
  /** The row's request, id and partition are the command's; else the id was used twice. */
  same: boolean;
}

export type Admission =
  | { kind: "fenced" }
  | {
      kind: "admitted";
      states: AdmissionState[];
      /** From some command on nothing was admitted: sync steps of its entity run, or wait in the outbox. */
      held: boolean;
    };

/** Commands of one partition, and the epoch that they are admitted under. */
export interface PartitionCommands {
  partition: number;
  epoch: bigint;
  commands: readonly AdmittedCommand[];
}

/**
 * Commands of entity types that have sync steps ($4) share their entities' locks until the statement has committed, so
 * that no sync step can begin between the look at its entity's rows and theirs becoming visible (I3). It never waits for
 * a lock: one entity would hold the batches of all partitions. Where a lock isn't to be had, or its last holder's
 * operation waits in the outbox, the partition is admitted up to there, since what comes after must come after it.
 */
const sharedLocks = `shared AS MATERIALIZED (
     SELECT e.*, share_entity(e.partition, e."tenantId", e."entityType", e."entityId") AS free
     FROM (
       SELECT DISTINCT partition, "tenantId", "entityType", "entityId" FROM raw WHERE "entityType" = ANY($4::text[])) AS e),
   held AS (
     SELECT raw.partition, min(raw.position) AS beginning
     FROM raw JOIN shared USING (partition, "tenantId", "entityType", "entityId") WHERE NOT free GROUP BY raw.partition),`;

/** A command that nothing holds. */
const unheld = `LEFT JOIN held ON held.partition = raw.partition
     WHERE held.beginning IS NULL OR raw.position < held.beginning`;

/**
 * What a statement admits, before and after the keys: the names of its parts are c, seen and new. A row with sync steps
 * done is none of the log's: it gets its position out of the outbox.
 */
const incoming = (locks: Locks) => `WITH raw AS (SELECT * FROM json_to_recordset($1) AS c ${admittedRecord}),
   ${locks === "shared" ? sharedLocks : "held AS (SELECT NULL::integer AS partition WHERE false),"}
   fence AS (
     SELECT o.partition, o.epoch FROM partition_owners o
     WHERE (o.partition, o.epoch) IN (SELECT partition, epoch FROM raw) ORDER BY o.partition FOR KEY SHARE),
   c AS (SELECT raw.* FROM raw JOIN fence USING (partition, epoch) ${locks === "shared" ? unheld : ""}),
   seen AS (
     SELECT o.tenant_id, o.id, o.position, o.log_offset, o.status, o.version, o.completed_at, o.next_attempt_at,
       o.request_hash = c.hash AND o.partition = c.partition AS same
     FROM c JOIN operations o ON o.tenant_id = c."tenantId" AND o.id = c.id AND o.id BETWEEN $2 AND $3),
   new AS (
     SELECT c.* FROM c LEFT JOIN seen s ON s.tenant_id = c."tenantId" AND s.id = c.id
     WHERE s.id IS NULL OR (s.same AND s.position IS NULL AND s.log_offset IS NOT NULL))`;

/** A row that ingest made gets its position; one that has a position stays as it is. */
const insertInto = `INSERT INTO operations AS o (${commandColumns}, position, status, duplicate_of, error, completed_at)`;
const onConflict = `ON CONFLICT (tenant_id, id) DO UPDATE SET position = excluded.position,
       log_offset = excluded.log_offset, status = excluded.status, duplicate_of = excluded.duplicate_of,
       error = excluded.error, completed_at = excluded.completed_at
     WHERE o.position IS NULL AND o.log_offset IS NOT NULL AND o.request_hash = excluded.request_hash
       AND o.partition = excluded.partition
     RETURNING o.tenant_id, o.id, o.position, o.status, o.version, o.completed_at, o.next_attempt_at`;

const outgoing = `SELECT (SELECT coalesce(array_agg(partition), '{}') FROM fence) AS owned,
     (SELECT coalesce(array_agg(partition), '{}') FROM held) AS held,
     (SELECT coalesce(json_agg(json_build_object('id', x.id, 'tenantId', x.tenant_id, 'position', x.position::text,
        'status', x.status, 'version', x.version, 'completed', x.completed_at IS NOT NULL,
        'nextAttemptInMs', extract(epoch FROM x.next_attempt_at - now()) * 1000, 'fresh', x.fresh, 'same', x.same)), '[]')
      FROM (
        SELECT tenant_id, id, position, status, version, completed_at, next_attempt_at, true AS fresh, true AS same
        FROM admitted
        UNION ALL
        SELECT s.tenant_id, s.id, s.position, s.status, s.version, s.completed_at, s.next_attempt_at, false, s.same
        FROM seen s WHERE NOT EXISTS (SELECT 1 FROM admitted a WHERE a.tenant_id = s.tenant_id AND a.id = s.id)) AS x)
     AS states`;

/** Why a command ends that is older than the keys: it may have run under one (design §4, Lifetimes nest). */
const tooOld = `jsonb_build_object('code', 'too-old', 'message',
  'It came so late that nobody can tell any more whether it ran before, so it was not run', 'rolledBack', true)`;

/**
 * One statement a batch. The fences are held to its commit. A command under a key that an admitted operation has is a
 * twin: it isn't run and leaves a final row (design §4, Idempotency).
 */
const admitKeyed = eachLocking(
  "admit_keyed_commands",
  (locks) => `${incoming(locks)},
   keyed AS (
     INSERT INTO idempotency_keys AS k (tenant_id, key, operation_id, request_hash, admitted)
     SELECT DISTINCT ON (n."tenantId", n.key) n."tenantId", n.key, n.id, n.hash, true
     FROM new n WHERE n.key IS NOT NULL AND n."tooOld" IS NOT TRUE ORDER BY n."tenantId", n.key, n.position
     ON CONFLICT (tenant_id, key) DO UPDATE SET
       operation_id = CASE WHEN k.admitted THEN k.operation_id ELSE excluded.operation_id END,
       request_hash = CASE WHEN k.admitted THEN k.request_hash ELSE excluded.request_hash END,
       admitted = true
     RETURNING k.tenant_id, k.key, k.operation_id, k.request_hash),
   judged AS (
     SELECT n.*, k.operation_id AS original, k.operation_id <> n.id AS twin, k.request_hash = n.hash AS repeated
     FROM new n LEFT JOIN keyed k ON k.tenant_id = n."tenantId" AND k.key = n.key),
   admitted AS (
     ${insertInto}
     SELECT ${commandValues}, c.position,
       CASE WHEN c."tooOld" OR (c.twin AND NOT c.repeated) THEN 'failed' WHEN c.twin THEN 'cancelled' ELSE 'accepted' END,
       CASE WHEN c.twin AND c.repeated AND c."tooOld" IS NOT TRUE THEN c.original END,
       CASE WHEN c."tooOld" THEN ${tooOld} WHEN c.twin AND NOT c.repeated THEN jsonb_build_object('code', 'idempotency-key-reused',
         'message', 'Another request came before under this idempotency key', 'rolledBack', true) END,
       CASE WHEN c."tooOld" OR c.twin THEN now() END
     FROM judged c ORDER BY c."tenantId", c.id
     ${onConflict})
   ${outgoing}`,
);

/** The same where no command has a key: most have none, and the keys are half of the statement's cost. */
const admitPlain = eachLocking(
  "admit_commands",
  (locks) => `${incoming(locks)},
   admitted AS (
     ${insertInto}
     SELECT ${commandValues}, c.position, CASE WHEN c."tooOld" THEN 'failed' ELSE 'accepted' END, NULL::uuid,
       CASE WHEN c."tooOld" THEN ${tooOld} END, CASE WHEN c."tooOld" THEN now() END
     FROM new c ORDER BY c."tenantId", c.id
     ${onConflict})
   ${outgoing}`,
);

/**
 * Admits commands of several partitions, each partition's in the order of their positions. A tenant's ids in one call
 * must differ. A command that is in none of the states met a row that came between, or is held: admit it again.
 * @param syncTypes entity types that have operations with sync steps
 * @returns an answer for each partition, in their order
 */
export async function admitBatches(
  db: Database,
  batches: readonly PartitionCommands[],
  syncTypes: ReadonlySet<string> = noTypes,
): Promise<Admission[]> {
  const rows = batches.flatMap(({ epoch, commands }) => commands.map((c) => ({ ...c, epoch: epoch.toString() })));
  const locks: Locks = rows.some(({ entityType }) => syncTypes.has(entityType)) ? "shared" : "none";
  const chosen = (rows.some(({ key }) => key !== undefined) ? admitKeyed : admitPlain)[locks];
  const span = idSpan(rows.map(({ id }) => id));
  const values = [JSON.stringify(rows), ...span, ...(locks === "shared" ? [[...syncTypes]] : [])];
  const [row] = await run<AdmittedRow>(db.pool, chosen, values);
  const states = new Map(row?.states.map((state) => [keyOf(state), state]));
  return batches.map(({ partition, commands }): Admission => {
    if (!row?.owned.includes(partition)) return { kind: "fenced" };
    const met = commands.flatMap((command) => states.get(keyOf(command)) ?? []);
    return { kind: "admitted", states: met, held: row.held.includes(partition) };
  });
}

const noTypes: ReadonlySet<string> = new Set();

interface AdmittedRow {
  owned: number[];
  held: number[];
  states: AdmissionState[];
}

const keyOf = ({ tenantId, id }: { tenantId: string; id: string }): string => `${tenantId}/${id}`;

/** {@link admitBatches} for one partition; without commands it asks nothing. */
export async function admitCommands(
  db: Database,
  owner: { partition: number; epoch: bigint },
  commands: readonly AdmittedCommand[],
  syncTypes?: ReadonlySet<string>,
): Promise<Admission> {
  const [admission = { kind: "fenced" } as const] = await admitBatches(db, [{ ...owner, commands }], syncTypes);
  return admission;
}
