import { currentStep, replaceStep, UnexpectedOutcome } from "./current-step.ts";
import { type DefinitionShape, stepShape } from "./definition-shape.ts";
import { isFinal, type OperationState, type StepState, type TurnBackCause } from "./operation-state.ts";
import { retryDelayMs } from "./retry-policy.ts";
import type { StepOutcome } from "./step-outcome.ts";
import { failureOf, remains, undoNext } from "./turn-back.ts";

type GoingBack = OperationState & { readonly cause: TurnBackCause };

/**
 * The state after a compensation of the current step. One that gives up (a permanent failure, or no attempts left) makes
 * the operation `stuck`: nothing is guessed, an operator decides.
 * @throws {UnexpectedOutcome} when the state awaits no compensation
 */
export function afterCompensation(
  state: OperationState,
  shape: DefinitionShape,
  outcome: StepOutcome,
  now: Date,
  dice: number,
): OperationState {
  if (!isGoingBack(state) || isFinal(state.status)) throw new UnexpectedOutcome("compensation", state);
  const current = currentStep(state);
  if (current.status === "stuck") throw new UnexpectedOutcome("compensation", state);
  const tried: StepState = { ...current, compensateAttempts: current.compensateAttempts + 1 };
  if (outcome.kind === "done") return undoNext(afterUndone(state, tried), shape);
  const failed: StepState = { ...tried, compensateError: outcome.error };
  const { compensateRetry } = stepShape(shape, failed.name);
  const attempt = failed.compensateAttempts - (failed.compensateAttemptsForgiven ?? 0);
  if (outcome.kind === "permanent" || attempt >= compensateRetry.attemptsMax) return stuck(state, shape, failed);
  const delayMs = retryDelayMs(compensateRetry, attempt, dice, outcome.retryAfterMs);
  return { ...state, steps: replaceStep(state.steps, failed), nextAttemptAt: new Date(now.getTime() + delayMs) };
}

const isGoingBack = (state: OperationState): state is GoingBack => state.cause !== undefined;

function afterUndone(state: GoingBack, tried: StepState): GoingBack {
  const { compensateError: _, ...undone } = tried;
  return { ...state, steps: replaceStep(state.steps, { ...undone, status: "compensated" }) };
}

function stuck(state: GoingBack, shape: DefinitionShape, failed: StepState): OperationState {
  const { deadlineAt, cause } = state;
  const steps = replaceStep(state.steps, { ...failed, status: "stuck" });
  const why = failed.compensateError?.message ?? "its compensation failed";
  const notUndone = [{ step: failed.name, why }, ...remains(steps, shape)];
  return { status: "stuck", steps, step: failed.name, deadlineAt, cause, error: failureOf(cause, notUndone) };
}
