import type { Checkpoint, OperationRow } from "@postback/database";
import { deadlineOf, initialState, isFinal, type OperationState, type StepState } from "@postback/domain";
import type { Catalog, OperationDefinition } from "@postback/operations";
import { isMissing } from "./missing-definition.ts";

/** The state in an operation's row, for the state machine. What was admitted without its definition has no steps yet. */
export function stateOf(row: OperationRow, definition: OperationDefinition, catalog: Catalog): OperationState {
  const shape = catalog.shapeOf(definition);
  const steps = row.steps as readonly StepState[];
  if (steps.length === 0) return initialState(shape, row.createdAt);
  const status = row.status as OperationState["status"];
  const state: Mutable<OperationState> = { status, steps, deadlineAt: deadlineOf(shape, row.createdAt) };
  if (row.step !== null) state.step = row.step;
  if (row.nextAttemptAt !== null) state.nextAttemptAt = row.nextAttemptAt;
  if (row.result !== null) state.result = row.result as NonNullable<OperationState["result"]>;
  if (row.error !== null && !isMissing(row.error)) state.error = row.error as NonNullable<OperationState["error"]>;
  if (row.cause !== null) state.cause = row.cause as NonNullable<OperationState["cause"]>;
  return state;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

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
