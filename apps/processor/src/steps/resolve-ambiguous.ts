import {
  type AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  endBackend,
  loadOperation,
  type OperationRow,
  ownsPartition,
} from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";

/** The operation as it was before the checkpoint, and whose it was. */
interface Unresolved {
  readonly row: Pick<OperationRow, "tenantId" | "id" | "version">;
  readonly owned: Pick<OwnedPartition, "partition" | "epoch" | "lost">;
}

/**
 * Finds out what came of a checkpoint whose answer was lost. Its connection is ended on the server first, so that nothing
 * of it can take effect later; then only the owner raises a version, and if this still is the owner, a higher one in the
 * row is this very checkpoint. Another owner may have raised it too: its events are not ours to tell, and ours, if they
 * were committed, it publishes. Tries until it is known, or the partition is lost.
 */
export async function resolveAmbiguous(
  db: Database,
  { row, owned }: Unresolved,
  lost: AmbiguousOutcome,
  logger: Logger,
): Promise<CheckpointResult> {
  const look = async (): Promise<CheckpointResult> => {
    if (lost.backendPid !== undefined) await endBackend(db, lost.backendPid);
    const found = await loadOperation(db, row.tenantId, row.id);
    // After the row: whoever raised its version has the partition by then.
    if (!(await ownsPartition(db, owned))) return { kind: "fenced" };
    if (!found || found.version <= row.version) return { kind: "outdated" };
    return { kind: "saved", version: found.version, request: found.request };
  };
  const fields = { operationId: row.id };
  const { signal } = owned.lost;
  return (await keepTrying(look, { logger, event: "checkpoint.not-resolved", fields, signal })) ?? { kind: "fenced" };
}
