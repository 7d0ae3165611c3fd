import { ShapeMismatch } from "./definition-shape.ts";
import type { OperationState, StepState } from "./operation-state.ts";

/** An outcome was brought to a state that awaits none: a mistake of the caller, never of an operation. */
export class UnexpectedOutcome extends Error {
  readonly code = "unexpected-outcome";
  readonly retryable = false;
  constructor(direction: string, state: OperationState) {
    super(`An operation that is ${state.status} at ${state.step ?? "no step"} awaits no outcome of a ${direction}`);
    this.name = "UnexpectedOutcome";
  }
}

/** The step that is run or undone next. */
export function currentStep(state: OperationState): StepState {
  const found = state.steps.find((step) => step.name === state.step);
  if (found === undefined) throw new ShapeMismatch(state.step ?? "(none)");
  return found;
}

/** The steps with one of them replaced, found by its name. */
export const replaceStep = (steps: readonly StepState[], changed: StepState): readonly StepState[] =>
  steps.map((step) => (step.name === changed.name ? changed : step));
