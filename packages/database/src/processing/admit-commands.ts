import type { Database } from "../open-database.ts";
import { type CommandRow, commandColumns, commandRecord, commandValues } from "../operations/command-row.ts";
import { run, statement } from "../statement.ts";

export interface AdmittedCommand extends CommandRow {
  /** epoch·2^40 + n, decimal. */
  position: string;
}

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

/**
 * One statement a batch. The fence is held to its commit. A command under a key that an admitted operation has is a twin:
 * it isn't run and leaves a final row (design §4, Idempotency). A row that ingest made gets its position; a row that has
 * one is left alone and reported.
 */
const admit = statement(
  "admit_commands",
  `WITH fence AS (SELECT partition FROM partition_owners WHERE partition = $1 AND epoch = $2 FOR KEY SHARE),
   c AS (SELECT c.* FROM json_to_recordset($3) AS c ${commandRecord} WHERE EXISTS (SELECT 1 FROM fence)),
   seen AS (
     SELECT o.tenant_id, o.id, o.position, o.status, o.version, o.completed_at, o.next_attempt_at,
       o.request_hash = c.hash AND o.partition = c.partition AS same
     FROM c JOIN operations o ON o.tenant_id = c."tenantId" AND o.id = c.id),
   new AS (
     SELECT c.* FROM c LEFT JOIN seen s ON s.tenant_id = c."tenantId" AND s.id = c.id
     WHERE s.id IS NULL OR (s.same AND s.position IS NULL)),
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
     INSERT INTO operations AS o (${commandColumns}, position, status, duplicate_of, error, completed_at)
     SELECT ${commandValues}, c.position,
       CASE WHEN c.twin AND NOT c.repeated THEN 'failed' WHEN c.twin THEN 'cancelled' ELSE 'accepted' END,
       CASE WHEN c.twin AND c.repeated THEN c.original END,
       CASE WHEN c.twin AND NOT c.repeated THEN jsonb_build_object('code', 'idempotency-key-reused',
         'message', 'Another request came before under this idempotency key', 'rolledBack', true) END,
       CASE WHEN c.twin THEN now() END
     FROM judged c ORDER BY c."tenantId", c.id
     ON CONFLICT (tenant_id, id) DO UPDATE SET position = excluded.position, log_offset = excluded.log_offset,
       status = excluded.status, duplicate_of = excluded.duplicate_of, error = excluded.error,
       completed_at = excluded.completed_at
     WHERE o.position IS NULL AND o.request_hash = excluded.request_hash AND o.partition = excluded.partition
     RETURNING o.tenant_id, o.id, o.position, o.status, o.version, o.completed_at, o.next_attempt_at)
   SELECT (SELECT count(*)::int FROM fence) AS owned,
     (SELECT coalesce(json_agg(json_build_object('id', x.id, 'tenantId', x.tenant_id, 'position', x.position::text,
        'status', x.status, 'version', x.version, 'completed', x.completed_at IS NOT NULL,
        'nextAttemptInMs', extract(epoch FROM x.next_attempt_at - now()) * 1000, 'fresh', x.fresh, 'same', x.same)), '[]')
      FROM (
        SELECT tenant_id, id, position, status, version, completed_at, next_attempt_at, true AS fresh, true AS same
        FROM admitted
        UNION ALL
        SELECT s.tenant_id, s.id, s.position, s.status, s.version, s.completed_at, s.next_attempt_at, false, s.same
        FROM seen s WHERE NOT EXISTS (SELECT 1 FROM admitted a WHERE a.tenant_id = s.tenant_id AND a.id = s.id)) AS x)
     AS states`,
);

/**
 * Admits a batch of one partition's commands, in the order of their positions. The ids of one call must differ. A
 * command that is in none of the states met a row that came between: admit it again.
 */
export async function admitCommands(
  db: Database,
  owner: { partition: number; epoch: bigint },
  commands: readonly AdmittedCommand[],
): Promise<Admission> {
  const values = [owner.partition, owner.epoch.toString(), JSON.stringify(commands)];
  const [row] = await run<{ owned: number; states: AdmissionState[] }>(db.pool, admit, values);
  if (!row || row.owned === 0) return { kind: "fenced" };
  return { kind: "admitted", states: row.states };
}
