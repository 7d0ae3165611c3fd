import { type OperationState, operationEvent } from "@postback/domain";
import type { FailedContext, OperationDefinition } from "./define-operation.ts";
import { describeForLog } from "./describe-for-log.ts";
import type { EventSchemas, OperationRef, StepLog } from "./step-context.ts";
import { type Emitted, StepEvents } from "./step-events.ts";

export interface Transition {
  readonly operation: OperationRef;
  /** As it was submitted. Asked for by few transitions, and it may be large. */
  readInput(): unknown;
  readonly before: OperationState;
  readonly after: OperationState;
  readonly log: StepLog;
}

/**
 * What a change of state tells, beside what its step emitted, in this order: what the definition's `failed` emits at the
 * end of an operation that went back, then `operation.succeeded|failed|cancelled|stuck`. To be written with the checkpoint.
 * A `failed` that throws is logged as an error and tells nothing: the operation has ended all the same, and
 * `operation.failed` says so.
 */
export function eventsOfTransition(definition: OperationDefinition, transition: Transition): readonly Emitted[] {
  const event = operationEvent(transition.before, transition.after);
  if (event === undefined) return [];
  return [...emittedByFailed(definition, transition), event];
}

function emittedByFailed(definition: OperationDefinition, transition: Transition): readonly Emitted[] {
  const { status, error } = transition.after;
  const { onFailed, events: schemas, input } = definition;
  if (onFailed === undefined || error === undefined || (status !== "failed" && status !== "cancelled")) return [];
  const events = new StepEvents(schemas);
  const { operation } = transition;
  const emit: FailedContext<never, EventSchemas>["emit"] = (type, data, options) => events.emit(type, data, options);
  try {
    onFailed({ status, operation, input: input.parse(transition.readInput()) as never, error, emit });
    return events.emitted;
  } catch (thrown) {
    transition.log.error(
      { operationId: operation.id, type: operation.type, ...describeForLog(thrown) },
      "operation.failed-handler-threw",
    );
    return [];
  } finally {
    events.close();
  }
}
