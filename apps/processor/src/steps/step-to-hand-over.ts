import { type DefinitionShape, isFinal, type OperationState } from "@postback/domain";

/** Whether a queue is carried by other processes only; one that this process carries is worked in place. */
export type IsRemote = (queue: string) => boolean;

/**
 * The step that a checkpoint of this state hands over to its queue: one whose queue others carry, and that could be run
 * at once. One that waits for a retry is handed over when its time has come.
 */
export function stepToHandOver(state: OperationState, shape: DefinitionShape, isRemote: IsRemote): string | undefined {
  if (isFinal(state.status) || state.cause !== undefined || state.nextAttemptAt !== undefined) return undefined;
  const step = shape.steps.find(({ name }) => name === state.step);
  return step?.queue !== undefined && isRemote(step.queue) ? step.name : undefined;
}
