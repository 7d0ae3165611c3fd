import type { Entity } from "@postback/contracts";
import type { ClientBase } from "pg";
import type { z } from "zod";
import type { SecretReferences, SecretsOf } from "./secrets/secret-reference.ts";
import type { StepHttp } from "./step-http.ts";
import type { Sql } from "./tagged-sql.ts";

/** The operation that a step belongs to. */
export interface OperationRef {
  readonly id: string;
  readonly type: string;
  readonly revision: number;
  readonly tenantId: string;
  readonly entity: Entity;
}

/** What a step may log with; pino's loggers are such. */
export interface StepLog {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

/** Event types with the schemas of their data. */
export type EventSchemas = Readonly<Record<string, z.ZodType>>;

export interface EmitOptions {
  /** What the event is about, when not the operation's entity. */
  readonly entity?: Entity;
  /**
   * Which partners may see it, by their ids, as far as their grants go; "everyone": all of them. The tenant itself sees
   * it in any case. Default: the partner with whose key the operation was submitted, or everyone where it was none's.
   */
  readonly audience?: readonly string[] | "everyone";
}

/** Tells an event; it is published if, and only if, the step's checkpoint commits. */
export type Emit<E extends EventSchemas> = <T extends keyof E & string>(
  type: T,
  data: z.input<E[T]>,
  options?: EmitOptions,
) => void;

export interface StepContext<I, O, E extends EventSchemas> {
  readonly operation: OperationRef;
  readonly input: I;
  /** Outputs of the steps before, by their names. */
  readonly outputs: O;
  /** From 1. */
  readonly attempt: number;
  /** Aborted at the step's timeout and when its process stops: pass it on to whatever takes time. */
  readonly signal: AbortSignal;
  /** `{operationId}:{step}`, of a compensation `{operationId}:{step}:compensate`: the same on every attempt. */
  readonly idempotencyKey: string;
  readonly emit: Emit<E>;
  readonly log: StepLog;
}

export interface TransactionContext<I, O, E extends EventSchemas> extends StepContext<I, O, E> {
  /** Parameterized: sql`update t set n = ${n} where id = ${id}` gives its rows. */
  readonly sql: Sql;
  /** The client of the checkpoint's transaction, for Drizzle, Kysely or plain pg. Never begin, commit or roll back on it. */
  readonly client: ClientBase;
}

export interface HttpContext<I, O, E extends EventSchemas> extends StepContext<I, O, E> {
  /**
   * got's methods, with the step's Idempotency-Key on every request, its signal and deadline, no retries and no redirects.
   * An answer other than 2xx throws and is classified; one step makes one call that changes something.
   */
  readonly http: StepHttp;
}

/** What a step that calls out gets besides, of the secrets that it names. */
export interface WithSecrets<S extends SecretReferences> {
  /** By the step's names for them. They are redacted out of what the step gives, emits, throws and logs. */
  readonly secrets: SecretsOf<S>;
}

/** What a compensation knows besides: the step may or may not have been done, and it must be right either way (I6). */
export interface Undo<R> {
  /** What the run gave; undefined when it isn't known to have been done. */
  readonly output: R | undefined;
  /** The key that the runs carried, to name their effect outside when there is no output. */
  readonly runIdempotencyKey: string;
}
