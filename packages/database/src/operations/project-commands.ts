import type { Database } from "../open-database.ts";
import { run, statement, withoutWaitForDisk } from "../statement.ts";
import { type CommandRow, commandColumns, commandRecord, commandValues } from "./command-row.ts";
import { type OperationRow, operationColumns } from "./operation-row.ts";
import { rowOfCommand } from "./row-of-command.ts";

/** What stands for a command after its projection. */
export type ProjectedCommand =
  | { kind: "stored"; operation: OperationRow }
  /** The idempotency key, or the client's id, was used with another request. */
  | { kind: "reused" };

/**
 * Keys first, as in admission, so that the two can't lock each other out: whoever has the key answers for it. Then the
 * rows; one that the processor made already stays as it is. A command under a key that another operation has gets a row
 * too: the log decides which of them runs (admission).
 */
const project = statement(
  "project_commands",
  `WITH c AS (SELECT * FROM json_to_recordset($1) AS c ${commandRecord}),
   keyed AS (
     INSERT INTO idempotency_keys AS x (tenant_id, key, operation_id, request_hash)
     SELECT DISTINCT ON (c."tenantId", c.key) c."tenantId", c.key, c.id, c.hash
     FROM c WHERE c.key IS NOT NULL ORDER BY c."tenantId", c.key, c."logOffset"
     ON CONFLICT (tenant_id, key) DO NOTHING
     RETURNING tenant_id, key, operation_id, request_hash),
   made AS (
     INSERT INTO operations AS o (${commandColumns}) SELECT ${commandValues} FROM c
     WHERE (SELECT count(*) FROM keyed) >= 0
     ORDER BY c."tenantId", c.id ON CONFLICT (tenant_id, id) DO NOTHING
     RETURNING o.tenant_id, o.id)
   SELECT c."tenantId", c.id, keyed.operation_id AS "keyedTo", made.id IS NOT NULL AS made
   FROM ${withoutWaitForDisk} AS unsynced, c
   LEFT JOIN keyed ON keyed.tenant_id = c."tenantId" AND keyed.key = c.key
   LEFT JOIN made ON made.tenant_id = c."tenantId" AND made.id = c.id`,
);

/**
 * Runs after the insert with a snapshot of its own, so that it sees what others committed meanwhile. LIMIT keeps the
 * planner from joining with the whole table, which it does as long as its plan is from the time when that was small.
 */
const read = statement(
  "read_projected",
  `SELECT w."commandId", f.*
   FROM json_to_recordset($1) AS w ("commandId" uuid, "tenantId" uuid, key text)
   LEFT JOIN LATERAL (
     SELECT x.operation_id FROM idempotency_keys x WHERE x.tenant_id = w."tenantId" AND x.key = w.key LIMIT 1) AS k ON true
   CROSS JOIN LATERAL (
     SELECT o.request_hash AS hash, ${operationColumns} FROM operations o
     WHERE o.tenant_id = w."tenantId" AND o.id = coalesce(k.operation_id, w."commandId") LIMIT 1) AS f`,
);

interface Made {
  tenantId: string;
  id: string;
  keyedTo: string | null;
  made: boolean;
}

/**
 * Makes the rows of acknowledged commands so that their status can be read at once, and answers with the operation that
 * stands for each, in their order: its own, or the one that had the key or the id before. A tenant's ids in one call must
 * differ.
 */
export async function projectCommands(db: Database, commands: readonly CommandRow[]): Promise<ProjectedCommand[]> {
  const made = await run<Made>(db.pool, project, [JSON.stringify(commands)]);
  const byKey = new Map(made.map((row) => [keyOf(row), row]));
  const isOwn = (c: CommandRow) => {
    const row = byKey.get(keyOf(c));
    return row?.made === true && (c.key === undefined || row.keyedTo === c.id);
  };
  const others = await readOthers(
    db,
    commands.filter((c) => !isOwn(c)),
  );
  return commands.map((c) =>
    isOwn(c) ? { kind: "stored", operation: rowOfCommand(c) } : answerOf(c, others.get(keyOf(c))),
  );
}

/** Tenants may use the same id. */
const keyOf = ({ tenantId, id }: { tenantId: string; id: string }) => `${tenantId}/${id}`;

type ReadRow = OperationRow & { commandId: string; hash: string };

async function readOthers(db: Database, commands: readonly CommandRow[]): Promise<Map<string, ReadRow>> {
  if (commands.length === 0) return new Map();
  const wanted = commands.map((c) => ({ commandId: c.id, tenantId: c.tenantId, key: c.key }));
  const rows = await run<ReadRow>(db.pool, read, [JSON.stringify(wanted)]);
  return new Map(rows.map((row) => [keyOf({ tenantId: row.tenantId, id: row.commandId }), row]));
}

function answerOf(command: CommandRow, row: ReadRow | undefined): ProjectedCommand {
  if (!row) throw new Error(`operation ${command.id} has no row after its projection`);
  const { commandId: _, hash, ...operation } = row;
  return hash === command.hash ? { kind: "stored", operation } : { kind: "reused" };
}
