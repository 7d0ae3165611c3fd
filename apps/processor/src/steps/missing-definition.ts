import type { OperationRow } from "@postback/database";
import type { OperationFailure, OperationState, StepState } from "@postback/domain";

const code = "definition-missing";

/** Whether the row says already that nobody here can carry the operation on. */
export const saysDefinitionMissing = (row: OperationRow): boolean => isMissing(row.error);

/** An error that only says so is none of the operation's: it goes once a processor has the definition. */
export const isMissing = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === code;

/**
 * The operation as it waits, visibly, for a processor that has its type and revision (design §4). Nothing else of it
 * changes, and only its entity is held.
 */
export function waitingForDefinition(row: OperationRow): OperationState {
  const error: OperationFailure = {
    code,
    message: `No processor of this partition has revision ${row.revision} of ${row.type}; it goes on when one does`,
    rolledBack: false,
  };
  return {
    status: "waiting",
    steps: row.steps as readonly StepState[],
    // Not saved: it follows from the definition.
    deadlineAt: row.createdAt,
    error,
    ...(row.step === null ? {} : { step: row.step }),
    ...(row.nextAttemptAt === null ? {} : { nextAttemptAt: row.nextAttemptAt }),
    ...(row.cause === null ? {} : { cause: row.cause as NonNullable<OperationState["cause"]> }),
  };
}
