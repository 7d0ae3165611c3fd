import { entityKey } from "@postback/contracts";
import type { OperationRow } from "@postback/database";
import type { Queued } from "./queued.ts";

/** A longer input is read again when its turn comes, so that ten thousand waiting operations fit into memory. */
const keptInputMaxChars = 2_048;

/**
 * @param inherited it was admitted under a former owner, who may have begun its step
 * @param isParked it is stuck, and its entity goes on meanwhile
 */
export function toQueued(row: OperationRow, inherited: boolean, isParked = false): Queued {
  if (row.position === null) throw new Error(`operation ${row.id} is not admitted`);
  return {
    tenantId: row.tenantId,
    id: row.id,
    entityKey: entityKey(row.tenantId, { type: row.entityType, id: row.entityId }),
    position: BigInt(row.position),
    row: !isParked && row.input.length <= keptInputMaxChars ? row : undefined,
    inherited,
    isParked,
  };
}
