import { type Database, findStepResult, type OperationRow, type Queryable } from "@postback/database";
import type { StepOutcome } from "@postback/domain";
import type { Emitted } from "@postback/operations";

/** What a worker's attempt came to. */
export interface TakenResult {
  readonly outcome: StepOutcome;
  readonly emitted: readonly Emitted[];
}

/** The result of the step that the row says is handed over, if its worker has written one. */
export async function takeResult(
  db: Pick<Database, "pool">,
  row: OperationRow,
  on: Queryable = db.pool,
): Promise<TakenResult | undefined> {
  if (row.dispatchedStep === null || row.dispatchedVersion === null) return undefined;
  const found = await findStepResult(on, {
    tenantId: row.tenantId,
    operationId: row.id,
    step: row.dispatchedStep,
    version: row.dispatchedVersion,
  });
  return found && { outcome: found.outcome as StepOutcome, emitted: found.events as readonly Emitted[] };
}
