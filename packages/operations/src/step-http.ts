import got, { type Got, type OptionsInit } from "got";
import { limits } from "./limits.ts";

/** got's methods, as a step gets them. */
export type StepHttp = Pick<Got, "get" | "head" | "post" | "put" | "patch" | "delete">;

/** The one error that they add: an answer that isn't read to its end. */
class AnswerTooLarge extends Error {
  readonly code = "ERR_ANSWER_TOO_LARGE";
  constructor() {
    super(`The answer is larger than ${limits.answerMaxBytes} bytes`);
    this.name = "AnswerTooLarge";
  }
}

/** No redirects, which would repeat a write elsewhere; no retries, as a try is repeated as a whole; a bound on the answer. */
const bounded = got.extend({
  retry: { limit: 0 },
  followRedirect: true,
  maxRedirects: 0,
  handlers: [
    (options, next) => {
      const tooLarge = new AbortController();
      options.signal = options.signal ? AbortSignal.any([options.signal, tooLarge.signal]) : tooLarge.signal;
      const answer = next(options);
      if (!("json" in answer)) return answer;
      answer.on("downloadProgress", ({ transferred }) => {
        if (transferred > limits.answerMaxBytes) tooLarge.abort(new AnswerTooLarge());
      });
      return answer;
    },
  ],
});

/**
 * got with the step's Idempotency-Key, signal and deadline on each request. The instance is shared and what belongs to the
 * attempt goes along with each call: `got.extend` costs 360 us, more than the request itself.
 */
export function stepHttp(idempotencyKey: string, signal: AbortSignal, timeoutMs: number): StepHttp {
  const calling =
    (method: NonNullable<OptionsInit["method"]>) =>
    (url: string | URL, options: OptionsInit = {}) =>
      bounded(url, {
        ...options,
        method,
        headers: { "idempotency-key": idempotencyKey, ...options.headers },
        timeout: { request: timeoutMs, ...options.timeout },
        signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal,
      });
  return {
    get: calling("GET"),
    head: calling("HEAD"),
    post: calling("POST"),
    put: calling("PUT"),
    patch: calling("PATCH"),
    delete: calling("DELETE"),
  } as StepHttp;
}
