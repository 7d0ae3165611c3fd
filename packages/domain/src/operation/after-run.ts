import { currentStep, replaceStep, UnexpectedOutcome } from "./current-step.ts";
import { type DefinitionShape, stepShape } from "./definition-shape.ts";
import { isFinal, type OperationState, type StepState, type TurnBackCause } from "./operation-state.ts";
import { retryDelayMs } from "./retry-policy.ts";
import { effectAfterFailure, type StepOutcome } from "./step-outcome.ts";
import { turnBack } from "./turn-back.ts";

type Done = Extract<StepOutcome, { kind: "done" }>;
type Transient = Extract<StepOutcome, { kind: "transient" }>;

/**
 * The state after a run of the current step.
 * @param now for the time of the next attempt
 * @param dice in [0, 1), for its jitter
 * @throws {UnexpectedOutcome} when the state awaits no run
 */
export function afterRun(
  state: OperationState,
  shape: DefinitionShape,
  outcome: StepOutcome,
  now: Date,
  dice: number,
): OperationState {
  if (isFinal(state.status) || state.cause !== undefined) throw new UnexpectedOutcome("run", state);
  const current = currentStep(state);
  if (outcome.kind === "done") return afterDone(state, current, outcome);
  const failed: StepState = {
    ...current,
    attempts: current.attempts + 1,
    effect: effectAfterFailure(current.effect, outcome.effect),
    error: outcome.error,
  };
  if (outcome.kind === "permanent") return afterFailure(state, shape, failed, { kind: "failure", ...outcome.error });
  return afterTransient(state, shape, failed, outcome, now, dice);
}

function afterDone(state: OperationState, current: StepState, outcome: Done): OperationState {
  const { name, attempts, compensateAttempts } = current;
  const done: StepState = {
    name,
    status: "succeeded",
    attempts: attempts + 1,
    compensateAttempts,
    effect: "done",
    ...(outcome.output === undefined ? {} : { output: outcome.output }),
  };
  const steps = replaceStep(state.steps, done);
  const next = steps[steps.indexOf(done) + 1];
  if (next !== undefined) return begun(state, steps, next);
  const { deadlineAt } = state;
  return {
    status: "succeeded",
    steps,
    deadlineAt,
    ...(outcome.result === undefined ? {} : { result: outcome.result }),
  };
}

/** The next step is `running` from its predecessor's checkpoint on: its start writes none. */
function begun(state: OperationState, steps: readonly StepState[], next: StepState): OperationState {
  const { deadlineAt } = state;
  return { status: "running", steps: replaceStep(steps, { ...next, status: "running" }), step: next.name, deadlineAt };
}

function afterTransient(
  state: OperationState,
  shape: DefinitionShape,
  failed: StepState,
  outcome: Transient,
  now: Date,
  dice: number,
): OperationState {
  const { retry } = stepShape(shape, failed.name);
  if (failed.attempts >= retry.attemptsMax) {
    return afterFailure(state, shape, failed, { kind: "failure", ...outcome.error });
  }
  const delayMs = retryDelayMs(retry, failed.attempts, dice, outcome.retryAfterMs);
  const nextAttemptAt = new Date(now.getTime() + delayMs);
  if (nextAttemptAt > state.deadlineAt) return afterFailure(state, shape, failed, deadlineDuring(failed));
  const { deadlineAt } = state;
  const steps = replaceStep(state.steps, { ...failed, status: "waiting" });
  return { status: "waiting", steps, step: failed.name, deadlineAt, nextAttemptAt };
}

function afterFailure(
  state: OperationState,
  shape: DefinitionShape,
  failed: StepState,
  cause: TurnBackCause,
): OperationState {
  const steps = replaceStep(state.steps, { ...failed, status: "failed" });
  return turnBack(state, shape, { ...cause, step: failed.name }, steps);
}

/** Waiting on is pointless when the next attempt would come too late. */
const deadlineDuring = (failed: StepState): TurnBackCause => ({
  kind: "deadline",
  code: "deadline-exceeded",
  message: `The next attempt would come after the operation's deadline; the last failed with ${failed.error?.code ?? "no code"}`,
});
