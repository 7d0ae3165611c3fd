import type { FieldError, ProblemName, RefusedStep } from "@postback/contracts";

export interface RefusalOptions {
  errors?: readonly FieldError[];
  /** What the step said that refused. */
  step?: RefusedStep;
  /** When trying again makes sense, whole seconds. */
  retryAfterSeconds?: number;
  /** More headers of the answer, `Allow` and the like. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/**
 * A request that gets no: one of the closed list of problems. It is thrown from wherever that is found out; one
 * middleware makes the answer, and only there is a status number.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ProblemName;
  readonly errors: readonly FieldError[] | undefined;
  readonly step: RefusedStep | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemName, detail: string, options: RefusalOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors;
    this.step = options.step;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }
}

/** Seconds after which a client is asked to try again when a store is away or too much is going on. */
const retryAfterSeconds = 1;

export const unavailable = (detail: string, cause?: unknown): Refusal =>
  new Refusal("unavailable", detail, { retryAfterSeconds, cause });

export const overloaded = (detail: string, cause?: unknown): Refusal =>
  new Refusal("overloaded", detail, { retryAfterSeconds, cause });

export const idempotencyKeyReused = (): Refusal =>
  new Refusal(
    "idempotency-key-reused",
    "This Idempotency-Key, or this id, was used with another request. Take a new one.",
  );

export const notFound = (what: string): Refusal => new Refusal("not-found", `There is no such ${what}.`);

/** What of errors is shown: keys are the client's, and repeated in each pointer below them. */
const errorsMax = 50;
const errorMaxChars = 500;
const detailMaxErrors = 3;

export function invalidInput(found: readonly FieldError[]): Refusal {
  const errors = found.slice(0, errorsMax).map(({ pointer, message }) => ({
    pointer: pointer.slice(0, errorMaxChars),
    message: message.slice(0, errorMaxChars),
  }));
  const first = errors.slice(0, detailMaxErrors).map(({ pointer, message }) => `${pointer || "the body"}: ${message}`);
  const more = found.length > detailMaxErrors ? `; and ${found.length - detailMaxErrors} more` : "";
  return new Refusal("invalid-input", first.join("; ") + more, { errors });
}
