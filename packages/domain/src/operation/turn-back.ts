import { currentStep, replaceStep } from "./current-step.ts";
import { callsOut, type DefinitionShape, stepShape } from "./definition-shape.ts";
import type { NotUndone, OperationFailure, OperationState, StepState, TurnBackCause } from "./operation-state.ts";

/**
 * Sends the operation back: from here on steps are only undone, the latest first (I6). The cause is kept for its end.
 * @param steps with what is known of the current one already written in
 */
export function turnBack(
  state: OperationState,
  shape: DefinitionShape,
  cause: TurnBackCause,
  steps: readonly StepState[] = state.steps,
): OperationState {
  return undoNext({ status: "compensating", steps, deadlineAt: state.deadlineAt, cause }, shape);
}

/**
 * Sends it back from outside its steps (cancel, deadline). No outcome tells of the current step then, so one that calls
 * out counts as possibly done: it may have been begun since its predecessor's checkpoint (I6).
 */
export function turnBackFromOutside(
  state: OperationState,
  shape: DefinitionShape,
  cause: TurnBackCause,
): OperationState {
  const current = currentStep(state);
  const possible = current.effect === "none" && callsOut(stepShape(shape, current.name));
  const stopped: StepState = {
    ...current,
    status: current.attempts === 0 && !possible ? "pending" : "failed",
    effect: possible ? "possible" : current.effect,
  };
  return turnBack(state, shape, cause, replaceStep(state.steps, stopped));
}

/** The next step to be undone, or the end of the operation. Expects a state with a cause. */
export function undoNext(
  state: OperationState & { readonly cause: TurnBackCause },
  shape: DefinitionShape,
): OperationState {
  const { steps, deadlineAt, cause } = state;
  const owed = steps.findLast((step) => isOwed(step, shape));
  if (owed === undefined) return ended(state, shape);
  return {
    status: "compensating",
    steps: replaceStep(steps, { ...owed, status: "compensating" }),
    step: owed.name,
    deadlineAt,
    cause,
  };
}

/** The failure that is shown of an operation that went back, as far as it has come. */
export function failureOf(cause: TurnBackCause, notUndone: readonly NotUndone[]): OperationFailure {
  const { code, message, step } = cause;
  return {
    code,
    message,
    ...(step === undefined ? {} : { step }),
    rolledBack: notUndone.length === 0,
    ...(notUndone.length === 0 ? {} : { notUndone }),
  };
}

/** What stays although the operation went back: skipped by an operator, or declared irreversible. */
export function remains(steps: readonly StepState[], shape: DefinitionShape): readonly NotUndone[] {
  return steps.flatMap((step): NotUndone[] => {
    const { irreversible } = stepShape(shape, step.name);
    if (step.status === "skipped") return [skippedStep(step)];
    if (step.effect !== "none" && irreversible !== undefined) return [{ step: step.name, why: irreversible }];
    return [];
  });
}

const isOwed = (step: StepState, shape: DefinitionShape): boolean =>
  step.effect !== "none" &&
  step.status !== "compensated" &&
  step.status !== "skipped" &&
  stepShape(shape, step.name).compensable;

const skippedStep = ({ name, compensateError, skippedBy }: StepState): NotUndone => ({
  step: name,
  why: compensateError?.message ?? "its compensation was skipped",
  ...(skippedBy === undefined ? {} : { by: skippedBy }),
});

function ended(state: OperationState & { readonly cause: TurnBackCause }, shape: DefinitionShape): OperationState {
  const { steps, deadlineAt, cause } = state;
  const status = cause.kind === "cancel" ? "cancelled" : "failed";
  return { status, steps, deadlineAt, cause, error: failureOf(cause, remains(steps, shape)) };
}
