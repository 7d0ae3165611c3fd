import { entityKey } from "@postback/contracts";
import type { OperationRow } from "@postback/database";
import type { OwnedPartition } from "../own/owned-partition.ts";
import type { HeadResult } from "../queues/queued.ts";

/** How soon an operation of a resting entity looks again: sync steps take about as long. */
const againMs = 20;

/** Performs a step, or what leads to one, unless its entity rests; then the operation waits for a moment. */
export async function unlessPaused<T>(
  { owned, row }: { owned: OwnedPartition; row: OperationRow },
  step: () => Promise<T>,
): Promise<T | HeadResult> {
  const went = await owned.pauses.pass(entityKeyOf(row), step);
  return went ?? { kind: "wait", untilMs: Date.now() + againMs };
}

export const entityKeyOf = ({ tenantId, entityType, entityId }: OperationRow): string =>
  entityKey(tenantId, { type: entityType, id: entityId });
