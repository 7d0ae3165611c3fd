import type { StepRetryPolicy } from "./retry-policy.ts";

export type StepKind = "transaction" | "http" | "task";

/** What the state machine must know of a step. */
export interface StepShape {
  readonly name: string;
  readonly kind: StepKind;
  /** Has a `compensate`. */
  readonly compensable: boolean;
  /** Why its effect can't be undone. A step with neither has no effect that would have to be. */
  readonly irreversible?: string;
  readonly retry: StepRetryPolicy;
  readonly compensateRetry: StepRetryPolicy;
  /** The queue whose workers run it; without one the owner of the partition does. Compensations always are the owner's. */
  readonly queue?: string;
}

/** What the state machine must know of an operation's definition. */
export interface DefinitionShape {
  readonly steps: readonly StepShape[];
  /** From acceptance; past it no step is begun or tried again, and what was done is undone. */
  readonly deadlineMs: number;
}

/** The steps of a definition changed while its revision did not: the operation can't be carried on under it. */
export class ShapeMismatch extends Error {
  readonly code = "shape-mismatch";
  readonly retryable = false;
  constructor(step: string) {
    super(
      `The definition has no step ${step}, but the operation's state does: its steps changed without a new revision`,
    );
    this.name = "ShapeMismatch";
  }
}

/** The shape of a step by its name: checkpoints name steps, not indexes (design §4). */
export function stepShape(shape: DefinitionShape, name: string): StepShape {
  const found = shape.steps.find((step) => step.name === name);
  if (found === undefined) throw new ShapeMismatch(name);
  return found;
}

/** Whether a run of the step can leave an effect that its own failure doesn't take back. */
export const callsOut = (step: StepShape): boolean => step.kind !== "transaction";
