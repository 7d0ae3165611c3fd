import { defaultCompensateRetry, defaultRetry, type Json, type StepKind, type StepRetryPolicy } from "@postback/domain";
import type { z } from "zod";
import { limits } from "./limits.ts";
import type { SecretReferences } from "./secrets/secret-reference.ts";
import type { Emit, EventSchemas, OperationRef } from "./step-context.ts";
import type {
  HttpStep,
  NoSecrets,
  StatusMeaning,
  StepDefinition,
  StepFunction,
  StepOutput,
  TaskStep,
  TransactionStep,
} from "./step-definition.ts";

/** What `failed` is told of an operation that went back. */
export interface FailedContext<I, E extends EventSchemas> {
  readonly status: "failed" | "cancelled";
  readonly operation: OperationRef;
  readonly input: I;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly step?: string;
    readonly rolledBack: boolean;
  };
  readonly emit: Emit<E>;
}

/**
 * While the entity has unfinished operations: `refuse` answers 409 `entity-busy`; `run` does the sync steps ahead of them,
 * between two of their steps, never beside one. What comes after the sync steps is queued behind them either way.
 */
export type WhenBusy = "refuse" | "run";

/**
 * While an operation is stuck, because a compensation gave up: `hold` lets nothing else of its entity run until an operator
 * has retried or skipped it; `go-on` runs the entity's later operations meanwhile. A retry or skip then takes the next turn
 * of the entity: never beside another of its operations.
 */
export type WhenStuck = "hold" | "go-on";

/** An operation type as ingest and the engine see it; its types are forgotten. */
export interface OperationDefinition {
  readonly type: string;
  readonly revision: number;
  readonly input: z.ZodType;
  readonly entity: { readonly type: string; id(input: never): string };
  readonly events: EventSchemas;
  /** From acceptance, milliseconds. */
  readonly deadlineMs: number;
  readonly example?: unknown;
  readonly whenBusy?: WhenBusy;
  readonly whenStuck?: WhenStuck;
  readonly steps: readonly StepDefinition[];
  readonly toResult?: (outputs: never, input: never) => Json;
  readonly onFailed?: (context: FailedContext<never, EventSchemas>) => void;
}

export interface OperationOptions<S extends z.ZodType, E extends EventSchemas> {
  /** Dotted lower-case words, `order.place`. */
  readonly type: string;
  /** From 1; a change of the steps, of their order or of an event's schema needs the next one. */
  readonly revision: number;
  readonly input: S;
  /** What the write is about: operations of one entity run one at a time, in order. */
  readonly entity: { readonly type: string; id(input: z.output<S>): string };
  /** The events that its steps may emit. */
  readonly events?: E;
  /** From acceptance, milliseconds; default a day, at most 30. Past it the operation goes back. */
  readonly deadlineMs?: number;
  /** An input that is right, for documentation; checked when the catalog is loaded. */
  readonly example?: z.input<S>;
  /** What a write with sync steps does while its entity has an unfinished operation; default `refuse`. */
  readonly whenBusy?: WhenBusy;
  /**
   * What the entity's later operations do while one of this type is stuck; default `hold`. `go-on` is right where they don't
   * build on what couldn't be undone; the engine can't know.
   */
  readonly whenStuck?: WhenStuck;
}

type Named<N extends string, R> = { readonly [name in N]: R };

/** A definition that can get further steps; each call gives a new one. `O` grows by the output of each step. */
export interface OperationBuilder<I, O, E extends EventSchemas> extends OperationDefinition {
  /** Done in the checkpoint's own transaction: effect, state and events commit together or not at all. */
  transaction<N extends string, R extends StepOutput>(
    name: N,
    step: TransactionStep<I, O, E, R>,
  ): OperationBuilder<I, O & Named<N, R>, E>;
  /** Calls a service; at least once, with a stable Idempotency-Key. */
  http<N extends string, R extends StepOutput, S extends SecretReferences = NoSecrets>(
    name: N,
    step: HttpStep<I, O, E, R, S>,
  ): OperationBuilder<I, O & Named<N, R>, E>;
  /** Any asynchronous code; at least once. */
  task<N extends string, R extends StepOutput, S extends SecretReferences = NoSecrets>(
    name: N,
    step: TaskStep<I, O, E, R, S>,
  ): OperationBuilder<I, O & Named<N, R>, E>;
  /** What `GET /operations/{id}` shows as the result of a success. */
  result(toResult: (outputs: O, input: I) => Json): OperationBuilder<I, O, E>;
  /**
   * Called once when the operation has ended without success, wherever it failed, to emit events beside
   * `operation.failed` or `operation.cancelled`. It only emits: what has to be undone belongs to `compensate`.
   */
  failed(onFailed: (context: FailedContext<I, E>) => void): OperationBuilder<I, O, E>;
}

/**
 * An operation type. The rules that can only be seen as a whole are checked when its catalog is loaded.
 * @example
 * defineOperation({ type: "sku.rename", revision: 1, input, entity: { type: "sku", id: ({ sku }) => sku } })
 *   .transaction("rename", {
 *     run: async ({ sql, input }) => {
 *       await sql`update skus set name = ${input.name} where sku = ${input.sku}`;
 *     },
 *   })
 */
export function defineOperation<S extends z.ZodType, E extends EventSchemas = Record<never, never>>(
  options: OperationOptions<S, E>,
): OperationBuilder<z.output<S>, Record<never, never>, E> {
  const { events, deadlineMs = limits.deadlineDefaultMs, ...given } = options;
  return builder<z.output<S>, Record<never, never>, E>({ ...given, events: events ?? {}, deadlineMs, steps: [] });
}

function builder<I, O, E extends EventSchemas>(definition: OperationDefinition): OperationBuilder<I, O, E> {
  const withStep = <N extends string, R>(kind: StepKind, name: N, step: AnyStep) =>
    builder<I, O & Named<N, R>, E>({ ...definition, steps: [...definition.steps, stepDefinition(kind, name, step)] });
  return Object.freeze({
    ...definition,
    transaction: <N extends string, R extends StepOutput>(name: N, step: TransactionStep<I, O, E, R>) =>
      withStep<N, R>("transaction", name, step as AnyStep),
    http: <N extends string, R extends StepOutput, S extends SecretReferences>(
      name: N,
      step: HttpStep<I, O, E, R, S>,
    ) => withStep<N, R>("http", name, step as AnyStep),
    task: <N extends string, R extends StepOutput, S extends SecretReferences>(
      name: N,
      step: TaskStep<I, O, E, R, S>,
    ) => withStep<N, R>("task", name, step as AnyStep),
    result: (toResult: (outputs: O, input: I) => Json) => builder<I, O, E>({ ...definition, toResult }),
    failed: (onFailed: (context: FailedContext<I, E>) => void) =>
      builder<I, O, E>({ ...definition, onFailed: onFailed as NonNullable<OperationDefinition["onFailed"]> }),
  });
}

/** A step as written, with its types forgotten: the builder has checked them. */
interface AnyStep {
  run: StepFunction;
  compensate?: StepFunction;
  irreversible?: string;
  effect?: "none";
  retry?: Partial<StepRetryPolicy>;
  compensateRetry?: Partial<StepRetryPolicy>;
  timeoutMs?: number;
  queue?: string;
  sync?: boolean;
  ownTransaction?: boolean;
  refusals?: Readonly<Record<number, StatusMeaning>>;
  quickRetries?: number;
  secrets?: SecretReferences;
}

function stepDefinition(kind: StepKind, name: string, step: AnyStep): StepDefinition {
  const { retry, compensateRetry, timeoutMs, refusals, quickRetries, secrets, ...given } = step;
  return {
    ...given,
    name,
    kind,
    retry: { ...defaultRetry, ...retry },
    compensateRetry: { ...defaultCompensateRetry, ...compensateRetry },
    timeoutMs: timeoutMs ?? (step.sync === true ? limits.syncStepTimeoutMaxMs : limits.stepTimeoutDefaultMs),
    refusals: refusals ?? {},
    quickRetries: quickRetries ?? limits.quickRetriesDefault,
    secrets: secrets ?? {},
  };
}
