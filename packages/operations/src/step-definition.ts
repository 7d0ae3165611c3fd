import type { Json, StepKind, StepRetryPolicy } from "@postback/domain";
import type { SecretReferences } from "./secrets/secret-reference.ts";
import type { EventSchemas, HttpContext, StepContext, TransactionContext, Undo, WithSecrets } from "./step-context.ts";

/** What a step may give back: JSON, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without return is Promise<void>, not Promise<undefined>
export type StepOutput = Json | undefined | void;
type Awaitable<T> = T | PromiseLike<T>;

interface StepOptions {
  /** What is left out is taken from the default policy. */
  readonly retry?: Partial<StepRetryPolicy>;
  readonly compensateRetry?: Partial<StepRetryPolicy>;
  /** For one attempt, milliseconds; default 30 000, at most 600 000. */
  readonly timeoutMs?: number;
  /**
   * Has its runs carried by a queue of that name, with a topic and a consumer group of its own, so that operators can
   * scale and stop this part alone. The order of the entity holds all the same. Default: the partition's owner runs it.
   */
  readonly queue?: string;
}

/**
 * Each step says how its effect is undone: by `compensate`; not at all, with the reason (`irreversible`); or that there is
 * nothing to be undone (`effect: "none"`: it only reads). The last step of an operation may say nothing if it is a
 * transaction: its success is the operation's.
 */
export type Undoing<C, R> =
  | { compensate(context: C & Undo<R>): Awaitable<void>; readonly irreversible?: never; readonly effect?: never }
  | { readonly irreversible: string; readonly compensate?: never; readonly effect?: never }
  | { readonly effect: "none"; readonly compensate?: never; readonly irreversible?: never }
  | { readonly compensate?: never; readonly irreversible?: never; readonly effect?: never };

/** What an HTTP status means where the default (4xx: refused for good) is wrong or says too little. */
export type StatusMeaning = { readonly code: string; readonly message: string } | "transient";

export type TransactionStep<I, O, E extends EventSchemas, R> = StepOptions & {
  /**
   * Done before the caller is answered, in one database transaction with the other sync steps and the operation's row: the
   * answer is 201, or the step's refusal, which leaves nothing. Only for steps that no other kind precedes. It has no
   * queue and no retries: the caller is waiting. Its `timeoutMs` is 5 000 at most, and by default.
   */
  readonly sync?: true;
  /**
   * Always has a transaction of its own. By default steps of one kind that are due at the same time share one, each after
   * a savepoint: `now()` is the same in all of them, and what a step sets with `SET LOCAL`, defers or locks with
   * `pg_advisory_xact_lock` stays until the last one has committed. Say so where that matters.
   */
  readonly ownTransaction?: true;
  run(context: TransactionContext<I, O, E>): Awaitable<R>;
} & Undoing<TransactionContext<I, O, E>, R>;

/** A step that names none. */
export type NoSecrets = Readonly<Record<never, never>>;

interface SecretOptions<S extends SecretReferences> {
  /**
   * Secrets that it uses, by reference: `{ paymentsToken: "PAYMENTS_TOKEN" }` is read from the environment variable
   * `PAYMENTS_TOKEN`, or from the file that `PAYMENTS_TOKEN_FILE` names, when a process that carries the step starts, and is
   * `secrets.paymentsToken` in its functions. Without it that process doesn't start, unless it is
   * `{ name: "PAYMENTS_TOKEN", optional: true }`.
   */
  readonly secrets?: S;
}

export type HttpStep<I, O, E extends EventSchemas, R, S extends SecretReferences = NoSecrets> = StepOptions &
  SecretOptions<S> & {
    run(context: HttpContext<I, O, E> & WithSecrets<S>): Awaitable<R>;
    /** By status: `{ 402: { code: "card-declined", message: "The card was declined" }, 409: "transient" }`. */
    readonly refusals?: Readonly<Record<number, StatusMeaning>>;
    /** Further tries within one attempt after a refused connection, a reset or a 502, 503, 504; default 1, at most 5. */
    readonly quickRetries?: number;
  } & Undoing<HttpContext<I, O, E> & WithSecrets<S>, R>;

export type TaskStep<I, O, E extends EventSchemas, R, S extends SecretReferences = NoSecrets> = StepOptions &
  SecretOptions<S> & {
    run(context: StepContext<I, O, E> & WithSecrets<S>): Awaitable<R>;
  } & Undoing<StepContext<I, O, E> & WithSecrets<S>, R>;

/** The widest context: what the engine makes, and every typed `run` accepts. */
export type AnyStepContext = StepContext<never, never, EventSchemas> &
  Partial<Pick<TransactionContext<never, never, EventSchemas>, "sql" | "client">> &
  Partial<Pick<HttpContext<never, never, EventSchemas>, "http">> &
  Partial<WithSecrets<never>> &
  Partial<Undo<never>>;

/** A step as the engine sees it: its types are forgotten, its defaults filled in. */
export interface StepDefinition {
  readonly name: string;
  readonly kind: StepKind;
  readonly run: StepFunction;
  readonly compensate?: StepFunction;
  readonly irreversible?: string;
  readonly effect?: "none";
  readonly retry: StepRetryPolicy;
  readonly compensateRetry: StepRetryPolicy;
  readonly timeoutMs: number;
  readonly queue?: string;
  readonly sync?: boolean;
  readonly ownTransaction?: boolean;
  readonly refusals: Readonly<Record<number, StatusMeaning>>;
  readonly quickRetries: number;
  readonly secrets: SecretReferences;
}

export type StepFunction = (context: AnyStepContext) => Awaitable<StepOutput>;
