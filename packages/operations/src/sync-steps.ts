import type { OperationDefinition } from "./define-operation.ts";
import type { StepDefinition } from "./step-definition.ts";

/** The leading steps that are done before the caller is answered; none where the type is asynchronous throughout. */
export function syncStepsOf({ steps }: Pick<OperationDefinition, "steps">): readonly StepDefinition[] {
  const first = steps.findIndex(({ sync }) => sync !== true);
  return first === -1 ? steps : steps.slice(0, first);
}
