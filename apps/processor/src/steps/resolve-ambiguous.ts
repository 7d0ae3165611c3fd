import {
  type AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  endBackend,
  loadOperation,
} from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { CheckpointRequest } from "./checkpoint-request.ts";

/**
 * Finds out what came of a checkpoint whose answer was lost. Its connection is ended on the server first, so that nothing
 * of it can take effect later; then only the owner raises a version, and this is the owner: a higher one in the row is
 * this very checkpoint. Tries until it is known, or the partition is lost.
 */
export async function resolveAmbiguous(
  db: Database,
  { row, owned }: CheckpointRequest,
  lost: AmbiguousOutcome,
  logger: Logger,
): Promise<CheckpointResult> {
  const look = async (): Promise<CheckpointResult> => {
    if (lost.backendPid !== undefined) await endBackend(db, lost.backendPid);
    const found = await loadOperation(db, row.tenantId, row.id);
    if (!found || found.version <= row.version) return { kind: "outdated" };
    return { kind: "saved", version: found.version, request: found.request };
  };
  const fields = { operationId: row.id };
  const { signal } = owned.lost;
  return (await keepTrying(look, { logger, event: "checkpoint.not-resolved", fields, signal })) ?? { kind: "fenced" };
}
