import type { DefinitionShape } from "./definition-shape.ts";
import type { Json } from "./json.ts";

export type StepStatus =
  | "pending"
  | "running"
  | "waiting"
  | "succeeded"
  | "failed"
  | "compensating"
  | "compensated"
  | "stuck"
  | "skipped";

export type OperationStatus =
  | "accepted"
  | "running"
  | "waiting"
  | "compensating"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "stuck";

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What the runs of a step may have left behind (I6): it only grows, since a later refusal proves nothing of an earlier timeout. */
export type StepEffect = "none" | "possible" | "done";

export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /** Runs with a recorded outcome. */
  readonly attempts: number;
  /** Compensations with a recorded outcome. */
  readonly compensateAttempts: number;
  /** Compensations before the operator's last retry: they don't count against `attemptsMax`. */
  readonly compensateAttemptsForgiven?: number;
  readonly effect: StepEffect;
  readonly output?: Json;
  /** Why the last run failed. */
  readonly error?: Failure;
  /** Why the last compensation failed. */
  readonly compensateError?: Failure;
  /** The operator who skipped its compensation. */
  readonly skippedBy?: string;
}

/** Why an operation goes back. */
export interface TurnBackCause extends Failure {
  readonly kind: "failure" | "deadline" | "cancel";
  readonly step?: string;
}

export interface NotUndone {
  readonly step: string;
  readonly why: string;
  readonly by?: string;
}

/** The wire's `OperationError`. Of a stuck operation it is provisional: `rolledBack` is false, and what stuck is named. */
export interface OperationFailure extends Failure {
  readonly step?: string;
  readonly rolledBack: boolean;
  readonly notUndone?: readonly NotUndone[];
}

export interface OperationState {
  readonly status: OperationStatus;
  /** In the definition's order. */
  readonly steps: readonly StepState[];
  readonly deadlineAt: Date;
  /** The step that is run or undone next; none when final. */
  readonly step?: string;
  /** When the step may be tried again. */
  readonly nextAttemptAt?: Date;
  readonly result?: Json;
  readonly error?: OperationFailure;
  /** There from the moment that the operation goes back, and never changed afterwards. */
  readonly cause?: TurnBackCause;
}

const finalStatuses: ReadonlySet<OperationStatus> = new Set(["succeeded", "failed", "cancelled"]);

/** Nothing follows a final status. `stuck` is none: an operator's retry or skip follows it. */
export const isFinal = (status: OperationStatus): boolean => finalStatuses.has(status);

/** The state of an operation that was admitted and not begun. */
export function initialState(shape: DefinitionShape, acceptedAt: Date): OperationState {
  const steps = shape.steps.map(
    ({ name }): StepState => ({ name, status: "pending", attempts: 0, compensateAttempts: 0, effect: "none" }),
  );
  const first = steps[0];
  if (first === undefined) throw new RangeError("A definition has at least one step");
  return { status: "accepted", steps, step: first.name, deadlineAt: deadlineOf(shape, acceptedAt) };
}

/** When an operation that was accepted then goes back, unless it has ended. */
export const deadlineOf = ({ deadlineMs }: DefinitionShape, acceptedAt: Date): Date =>
  new Date(acceptedAt.getTime() + deadlineMs);
