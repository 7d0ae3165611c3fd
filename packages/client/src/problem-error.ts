import type { Problem } from "./api-types.ts";

/** The name of a problem: the end of its `type`, `invalid-input`. */
export type ProblemName = Problem["type"] extends `https://postback.dev/problems/${infer Name}` ? Name : never;

/** A refusal of the API, as it was answered (RFC 9457). Decide by `name`'s counterpart `problem`. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** `invalid-input`, `not-found`, …: the list is closed for a release, and an older client may meet a newer name. */
  readonly problem: ProblemName;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Each field that breaks a rule, by JSON pointer. */
  readonly errors: NonNullable<Problem["errors"]>;
  /** Of `step-refused`: what the step said. */
  readonly error: Problem["error"];
  /** When the server asks to come again, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfterMs?: number) {
    super(`${problem.title}: ${problem.detail}`);
    this.problem = problem.type.slice(problem.type.lastIndexOf("/") + 1) as ProblemName;
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.error = problem.error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The answer was none of the API's: something in between answered, or this isn't Postback's URL. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly status: number;

  constructor(url: string, status: number, what: string) {
    super(`${url} answered ${status} with ${what}, which Postback's API never does; is the URL right?`);
    this.status = status;
  }
}

/** No answer came: nobody knows whether the request was carried out. The reason is the `cause`. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor(url: string, cause: unknown) {
    super(`no answer from ${url}: ${reasonOf(cause)}`, { cause });
  }
}

/** `fetch` fails with a general message, and says why in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
