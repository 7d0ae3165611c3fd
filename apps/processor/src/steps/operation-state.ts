import type { Checkpoint, OperationRow } from "@postback/database";
import { initialState, isFinal, type OperationState, type StepState } from "@postback/domain";
import type { Catalog, OperationDefinition } from "@postback/operations";
import { isMissing } from "./missing-definition.ts";

/** The state in an operation's row, for the state machine. What was admitted without its definition has no steps yet. */
export function stateOf(row: OperationRow, definition: OperationDefinition, catalog: Catalog): OperationState {
  const initial = initialState(catalog.shapeOf(definition), row.createdAt);
  const steps = row.steps as readonly StepState[];
  if (steps.length === 0) return initial;
  return {
    status: row.status as OperationState["status"],
    steps,
    deadlineAt: initial.deadlineAt,
    ...(row.step === null ? {} : { step: row.step }),
    ...(row.nextAttemptAt === null ? {} : { nextAttemptAt: row.nextAttemptAt }),
    ...(row.result === null ? {} : { result: row.result as NonNullable<OperationState["result"]> }),
    ...(row.error === null || isMissing(row.error) ? {} : { error: row.error as NonNullable<OperationState["error"]> }),
    ...(row.cause === null ? {} : { cause: row.cause as NonNullable<OperationState["cause"]> }),
  };
}

/** The columns of a state, for a checkpoint. */
export function columnsOf(
  state: OperationState,
  nowMs: number,
): Pick<Checkpoint, "status" | "step" | "steps" | "cause" | "result" | "error" | "nextAttemptInMs" | "completed"> {
  return {
    status: state.status,
    step: state.step,
    steps: state.steps,
    cause: state.cause,
    result: state.result,
    error: state.error,
    nextAttemptInMs: state.nextAttemptAt && Math.max(0, state.nextAttemptAt.getTime() - nowMs),
    completed: isFinal(state.status),
  };
}

interface SavedVersion {
  version: number;
  request: unknown;
  /** The step that the checkpoint handed over. */
  handsOver: string | undefined;
}

/** The row after a checkpoint of the state was saved: no need to read it again. */
export function rowAfter(row: OperationRow, state: OperationState, saved: SavedVersion): OperationRow {
  const { version, request, handsOver } = saved;
  return {
    ...row,
    status: state.status,
    version,
    step: state.step ?? null,
    steps: state.steps,
    cause: state.cause ?? null,
    result: state.result ?? null,
    error: state.error ?? null,
    nextAttemptAt: state.nextAttemptAt ?? null,
    request,
    dispatchedStep: handsOver ?? null,
    dispatchedVersion: handsOver === undefined ? null : version,
  };
}
