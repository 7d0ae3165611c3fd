import { currentStep, replaceStep } from "./current-step.ts";
import { callsOut, type DefinitionShape, stepShape } from "./definition-shape.ts";
import { isFinal, type OperationState } from "./operation-state.ts";

/**
 * The state as a new owner has to see it: the former one may have run the current step without an outcome being recorded,
 * so if that calls out, it counts as possibly done, and a later refusal alone doesn't prove otherwise (I6).
 * To be applied to what is loaded on assignment; it need not be saved by itself, the next checkpoint carries it.
 */
export function afterTakeOver(state: OperationState, shape: DefinitionShape): OperationState {
  if (isFinal(state.status) || state.cause !== undefined) return state;
  const current = currentStep(state);
  if (!callsOut(stepShape(shape, current.name)) || current.effect !== "none") return state;
  return { ...state, steps: replaceStep(state.steps, { ...current, effect: "possible" }) };
}
