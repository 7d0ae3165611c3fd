import type { DefinitionShape, StepShape } from "@postback/domain";
import type { OperationDefinition } from "./define-operation.ts";
import type { StepDefinition } from "./step-definition.ts";

const shapes = new WeakMap<OperationDefinition, DefinitionShape>();

/** What the state machine has to know of a definition; made once for each. */
export function shapeOf(definition: OperationDefinition): DefinitionShape {
  const known = shapes.get(definition);
  if (known !== undefined) return known;
  const shape = { steps: definition.steps.map(stepShapeOf), deadlineMs: definition.deadlineMs };
  shapes.set(definition, shape);
  return shape;
}

function stepShapeOf({
  name,
  kind,
  compensate,
  irreversible,
  retry,
  compensateRetry,
  queue,
}: StepDefinition): StepShape {
  return {
    name,
    kind,
    compensable: compensate !== undefined,
    retry,
    compensateRetry,
    ...(irreversible === undefined ? {} : { irreversible }),
    ...(queue === undefined ? {} : { queue }),
  };
}
