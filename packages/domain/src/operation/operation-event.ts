import type { Json } from "./json.ts";
import type { OperationFailure, OperationState } from "./operation-state.ts";

export type OperationEventType = "operation.succeeded" | "operation.failed" | "operation.cancelled" | "operation.stuck";

export interface OperationEvent {
  readonly type: OperationEventType;
  /** `{status, result?}` of a success, `{status, error}` of all else, the error as `GET /operations/{id}` shows it. */
  readonly data: Json;
}

const told = {
  succeeded: "operation.succeeded",
  failed: "operation.failed",
  cancelled: "operation.cancelled",
  stuck: "operation.stuck",
} as const;

/** The event that every operation type tells of a transition, or undefined where it tells none. */
export function operationEvent(before: OperationState, after: OperationState): OperationEvent | undefined {
  const { status, result, error } = after;
  if (status === before.status || !isTold(status)) return undefined;
  const outcome = error === undefined ? (result === undefined ? {} : { result }) : { error: failureAsJson(error) };
  return { type: told[status], data: { status, ...outcome } };
}

const isTold = (status: string): status is keyof typeof told => Object.hasOwn(told, status);

function failureAsJson({ notUndone, ...failure }: OperationFailure): Json {
  return notUndone === undefined ? failure : { ...failure, notUndone: notUndone.map((each) => ({ ...each })) };
}
