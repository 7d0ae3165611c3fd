import { type DefinitionShape, isFinal, type OperationState } from "@postback/domain";

/**
 * The step that a checkpoint of this state hands over to its queue: one that has a queue and could be run at once. One
 * that waits for a retry is handed over when its time has come.
 */
export function stepToHandOver(state: OperationState, shape: DefinitionShape): string | undefined {
  if (isFinal(state.status) || state.cause !== undefined || state.nextAttemptAt !== undefined) return undefined;
  const step = shape.steps.find(({ name }) => name === state.step);
  return step?.queue === undefined ? undefined : step.name;
}
