import type { Database } from "../open-database.ts";
import { type CommandRow, commandColumns, commandRecord, commandValues } from "../operations/command-row.ts";
import { run, statement } from "../statement.ts";

export interface AdmittedCommand extends CommandRow {
  /** epoch·2^40 + n, decimal. */
  position: string;
}

/** The columns of a JSON array of commands with the epoch that each is admitted under. */
const admittedRecord = commandRecord.replace(/\)$/, ", epoch bigint)");

/** How a command stands after admission. */
export interface AdmissionState {
  id: string;
  tenantId: string;
  position: string;
  status: string;
  version: number;
  completed: boolean;
  nextAttemptInMs: number | null;
  /** Admitted by this very statement; else it was there before. */
  fresh: boolean;
  /** The row's request, id and partition are the command's; else the id was used twice. */
  same: boolean;
}

export type Admission = { kind: "fenced" } | { kind: "admitted"; states: AdmissionState[] };

/** Commands of one partition, and the epoch that they are admitted under. */
export interface PartitionCommands {
  partition: number;
  epoch: bigint;
  commands: readonly AdmittedCommand[];
}

/** What a statement admits, before and after the keys: the names of its parts are c, seen and new. */
const incoming = `WITH raw AS (SELECT * FROM json_to_recordset($1) AS c ${admittedRecord}),
   fence AS (
     SELECT o.partition, o.epoch FROM partition_owners o
     WHERE (o.partition, o.epoch) IN (SELECT partition, epoch FROM raw) ORDER BY o.partition FOR KEY SHARE),
   c AS (SELECT raw.* FROM raw JOIN fence USING (partition, epoch)),
   seen AS (
     SELECT o.tenant_id, o.id, o.position, o.status, o.version, o.completed_at, o.next_attempt_at,
       o.request_hash = c.hash AND o.partition = c.partition AS same
     FROM c JOIN operations o ON o.tenant_id = c."tenantId" AND o.id = c.id),
   new AS (
     SELECT c.* FROM c LEFT JOIN seen s ON s.tenant_id = c."tenantId" AND s.id = c.id
     WHERE s.id IS NULL OR (s.same AND s.position IS NULL))`;

/** A row that ingest made gets its position; one that has a position stays as it is. */
const insertInto = `INSERT INTO operations AS o (${commandColumns}, position, status, duplicate_of, error, completed_at)`;
const onConflict = `ON CONFLICT (tenant_id, id) DO UPDATE SET position = excluded.position,
       log_offset = excluded.log_offset, status = excluded.status, duplicate_of = excluded.duplicate_of,
       error = excluded.error, completed_at = excluded.completed_at
     WHERE o.position IS NULL AND o.request_hash = excluded.request_hash AND o.partition = excluded.partition
     RETURNING o.tenant_id, o.id, o.position, o.status, o.version, o.completed_at, o.next_attempt_at`;

const outgoing = `SELECT (SELECT coalesce(array_agg(partition), '{}') FROM fence) AS owned,
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

/**
 * One statement a batch. The fences are held to its commit. A command under a key that an admitted operation has is a
 * twin: it isn't run and leaves a final row (design §4, Idempotency).
 */
const admitKeyed = statement(
  "admit_keyed_commands",
  `${incoming},
   keyed AS (
     INSERT INTO idempotency_keys AS k (tenant_id, key, operation_id, request_hash, admitted)
     SELECT DISTINCT ON (n."tenantId", n.key) n."tenantId", n.key, n.id, n.hash, true
     FROM new n WHERE n.key IS NOT NULL ORDER BY n."tenantId", n.key, n.position
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
       CASE WHEN c.twin AND NOT c.repeated THEN 'failed' WHEN c.twin THEN 'cancelled' ELSE 'accepted' END,
       CASE WHEN c.twin AND c.repeated THEN c.original END,
       CASE WHEN c.twin AND NOT c.repeated THEN jsonb_build_object('code', 'idempotency-key-reused',
         'message', 'Another request came before under this idempotency key', 'rolledBack', true) END,
       CASE WHEN c.twin THEN now() END
     FROM judged c ORDER BY c."tenantId", c.id
     ${onConflict})
   ${outgoing}`,
);

/** The same where no command has a key: most have none, and the keys are half of the statement's cost. */
const admitPlain = statement(
  "admit_commands",
  `${incoming},
   admitted AS (
     ${insertInto}
     SELECT ${commandValues}, c.position, 'accepted', NULL::uuid, NULL::jsonb, NULL::timestamptz
     FROM new c ORDER BY c."tenantId", c.id
     ${onConflict})
   ${outgoing}`,
);

/**
 * Admits commands of several partitions, each partition's in the order of their positions. A tenant's ids in one call
 * must differ. A command that is in none of the states met a row that came between: admit it again.
 * @returns an answer for each partition, in their order
 */
export async function admitBatches(db: Database, batches: readonly PartitionCommands[]): Promise<Admission[]> {
  const rows = batches.flatMap(({ epoch, commands }) => commands.map((c) => ({ ...c, epoch: epoch.toString() })));
  const chosen = rows.some(({ key }) => key !== undefined) ? admitKeyed : admitPlain;
  const [row] = await run<{ owned: number[]; states: AdmissionState[] }>(db.pool, chosen, [JSON.stringify(rows)]);
  const states = new Map(row?.states.map((state) => [keyOf(state), state]));
  return batches.map(({ partition, commands }): Admission => {
    if (!row?.owned.includes(partition)) return { kind: "fenced" };
    return { kind: "admitted", states: commands.flatMap((command) => states.get(keyOf(command)) ?? []) };
  });
}

const keyOf = ({ tenantId, id }: { tenantId: string; id: string }): string => `${tenantId}/${id}`;

/** {@link admitBatches} for one partition; without commands it asks nothing. */
export async function admitCommands(
  db: Database,
  owner: { partition: number; epoch: bigint },
  commands: readonly AdmittedCommand[],
): Promise<Admission> {
  const [admission = { kind: "fenced" } as const] = await admitBatches(db, [{ ...owner, commands }]);
  return admission;
}
