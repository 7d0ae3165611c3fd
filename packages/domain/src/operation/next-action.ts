import { applyRequest, type OperationRequest } from "./apply-request.ts";
import { currentStep } from "./current-step.ts";
import { type DefinitionShape, stepShape } from "./definition-shape.ts";
import { isFinal, type OperationState, type TurnBackCause } from "./operation-state.ts";
import { turnBackFromOutside } from "./turn-back.ts";

export type NextAction =
  | { readonly kind: "run"; readonly step: string; readonly attempt: number }
  | { readonly kind: "compensate"; readonly step: string; readonly attempt: number }
  /** The state changes without any step being performed (cancelled, past its deadline, retried, skipped): save it. */
  | { readonly kind: "turn"; readonly state: OperationState }
  | { readonly kind: "wait"; readonly until: Date }
  /** A compensation gave up; only a request leads on. */
  | { readonly kind: "stuck" }
  | { readonly kind: "ended" };

const deadlineExceeded: TurnBackCause = {
  kind: "deadline",
  code: "deadline-exceeded",
  message: "The operation's deadline passed",
};

/**
 * What has to be done next. The direction is told by the cause, not by the status, which may say `waiting` for reasons of
 * the processor's own (a missing definition).
 * @throws {ShapeMismatch} when the state's steps aren't the definition's
 */
export function nextAction(
  state: OperationState,
  shape: DefinitionShape,
  now: Date,
  request?: OperationRequest,
): NextAction {
  if (isFinal(state.status)) return { kind: "ended" };
  const current = currentStep(state);
  stepShape(shape, current.name);
  const requested = request && applyRequest(state, shape, request);
  if (requested !== undefined) return { kind: "turn", state: requested };
  if (current.status === "stuck") return { kind: "stuck" };
  const goesBack = state.cause !== undefined;
  if (!goesBack && now >= state.deadlineAt) return { kind: "turn", state: pastDeadline(state, shape, current.name) };
  if (state.nextAttemptAt !== undefined && state.nextAttemptAt > now) {
    return { kind: "wait", until: state.nextAttemptAt };
  }
  if (goesBack) return { kind: "compensate", step: current.name, attempt: current.compensateAttempts + 1 };
  return { kind: "run", step: current.name, attempt: current.attempts + 1 };
}

const pastDeadline = (state: OperationState, shape: DefinitionShape, step: string): OperationState =>
  turnBackFromOutside(state, shape, { ...deadlineExceeded, step });
