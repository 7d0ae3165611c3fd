import type { FailedOutcome } from "./classify-failure.ts";
import type { StatusMeaning } from "./step-definition.ts";

/** Errors of connections that were never made: nothing was sent, so nothing was done. */
const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);
const broken: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "ECONNRESET",
  "EPIPE",
  "ERR_ABORTED",
  "ERR_READING_RESPONSE_STREAM",
]);
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
const quickStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * What a failed HTTP call means; undefined when the error isn't one. got's errors are told by their shape, since a
 * catalog may bring its own copy.
 *
 * | answer                          | outcome   | effect  |
 * | ------------------------------- | --------- | ------- |
 * | a status in `refusals`          | as said   | none when refused |
 * | 408, 425, 429, 5xx              | transient | unknown |
 * | other 4xx                       | permanent | none    |
 * | a redirect                      | permanent | unknown |
 * | no connection                   | transient | none    |
 * | timeout, reset, unreadable body | transient | unknown |
 */
export function classifyHttpFailure(
  error: unknown,
  refusals: Readonly<Record<number, StatusMeaning>>,
): FailedOutcome | undefined {
  const code = codeOf(error);
  if (code === "ERR_NON_2XX_3XX_RESPONSE") return byStatus(error, refusals);
  if (code === "ERR_TOO_MANY_REDIRECTS") {
    return permanent("unexpected-redirect", "The service answered with a redirect, which isn't followed", "unknown");
  }
  if (code === "ERR_BODY_PARSE_FAILURE") return transient("unreadable-answer", "The service's answer can't be read");
  if (code === "ERR_ANSWER_TOO_LARGE")
    return permanent("answer-too-large", "The service's answer is too large", "unknown");
  if (code !== undefined && neverConnected.has(code)) {
    return { ...transient("unreachable", `The service can't be reached (${code})`), effect: "none" };
  }
  if (code !== undefined && broken.has(code)) return transient("no-answer", `The service gave no answer (${code})`);
  return undefined;
}

/** A failure that may be over in a moment: worth another try within the same attempt. */
export function isQuickTransient(error: unknown, refusals: Readonly<Record<number, StatusMeaning>>): boolean {
  const status = statusOf(error);
  if (status !== undefined) return quickStatuses.has(status) && refusals[status] === undefined;
  const code = codeOf(error);
  return code === "ECONNREFUSED" || code === "ECONNRESET" || code === "EPIPE";
}

function byStatus(error: unknown, refusals: Readonly<Record<number, StatusMeaning>>): FailedOutcome {
  const status = statusOf(error) ?? 0;
  const meaning = refusals[status];
  if (typeof meaning === "object") return permanent(meaning.code, meaning.message, "none");
  if (meaning === "transient" || status >= 500 || transientStatuses.has(status)) {
    return withRetryAfter(transient(`http-${status}`, `The service answered ${status}`), error);
  }
  return permanent(`http-${status}`, `The service answered ${status}`, "none");
}

const transient = (code: string, message: string): FailedOutcome & { kind: "transient" } => ({
  kind: "transient",
  error: { code, message },
  effect: "unknown",
});

const permanent = (code: string, message: string, effect: "none" | "unknown"): FailedOutcome => ({
  kind: "permanent",
  error: { code, message },
  effect,
});

/** Only whole seconds are read: a date would need the clock of the service. */
function withRetryAfter(outcome: FailedOutcome & { kind: "transient" }, error: unknown): FailedOutcome {
  const header = responseOf(error)?.headers?.["retry-after"];
  if (typeof header !== "string" || !/^\d{1,6}$/.test(header)) return outcome;
  return { ...outcome, retryAfterMs: Number(header) * 1_000 };
}

interface ResponseLike {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, unknown>>;
}

function responseOf(error: unknown): ResponseLike | undefined {
  if (!(error instanceof Error) || !("response" in error)) return undefined;
  return typeof error.response === "object" && error.response !== null ? error.response : undefined;
}

const statusOf = (error: unknown): number | undefined =>
  codeOf(error) === "ERR_NON_2XX_3XX_RESPONSE" ? responseOf(error)?.statusCode : undefined;

/** got hides the reason of an abort behind a code of its own. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code === "ERR_ABORTED") return codeOf(error.cause) ?? error.code;
  return typeof error.code === "string" ? error.code : undefined;
}
