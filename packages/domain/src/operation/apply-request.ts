import { currentStep, replaceStep } from "./current-step.ts";
import type { DefinitionShape } from "./definition-shape.ts";
import { isFinal, type OperationState, type StepState, type TurnBackCause } from "./operation-state.ts";
import { turnBackFromOutside, undoNext } from "./turn-back.ts";

/** What is asked for from outside; only the owner of the operation carries it out (design §3.2). */
export interface OperationRequest {
  readonly kind: "cancel" | "retry" | "skip";
  /** Who asked, for `notUndone[].by`. */
  readonly by?: string;
}

const cancelled: TurnBackCause = { kind: "cancel", code: "cancelled", message: "The operation was cancelled" };

/**
 * The state after a request, or undefined when the request means nothing (any more): a cancel of what goes back already,
 * a retry or skip of what isn't stuck. Such a request is dropped.
 */
export function applyRequest(
  state: OperationState,
  shape: DefinitionShape,
  request: OperationRequest,
): OperationState | undefined {
  if (isFinal(state.status)) return undefined;
  const { cause } = state;
  if (request.kind === "cancel") return cause === undefined ? turnBackFromOutside(state, shape, cancelled) : undefined;
  const current = currentStep(state);
  if (cause === undefined || current.status !== "stuck") return undefined;
  const decided = request.kind === "skip" ? skipped(current, request) : retried(current);
  return undoNext({ ...state, cause, steps: replaceStep(state.steps, decided) }, shape);
}

const skipped = (step: StepState, { by }: OperationRequest): StepState => ({
  ...step,
  status: "skipped",
  ...(by === undefined ? {} : { skippedBy: by }),
});

/** All attempts are there again; those that were made stay counted. */
const retried = (step: StepState): StepState => ({
  ...step,
  status: "compensating",
  compensateAttemptsForgiven: step.compensateAttempts,
});
