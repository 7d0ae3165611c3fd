import { type Problem, type ProblemName, problems, problemType } from "@postback/contracts";
import type { Logger } from "@postback/runtime";
import type { Context, Middleware } from "koa";
import { isAway } from "../../is-away.ts";
import { Refusal, unavailable } from "../../refusal.ts";
import { ClientGone } from "../read-body.ts";

/** The one place where what went wrong becomes a status and a problem (RFC 9457). */
export const answerProblems =
  (logger: Logger): Middleware =>
  async (ctx, next) => {
    try {
      await next();
      if (ctx.body === undefined && ctx.status >= 400) throw unanswered(ctx);
    } catch (error) {
      if (error instanceof ClientGone) return void logger.debug({ method: ctx.method }, "request.client-gone");
      answer(ctx, refusalOf(error, what(ctx), logger));
    }
  };

/** What went wrong as a refusal; what only we can mend is logged. */
export function refusalOf(error: unknown, during: object, logger: Logger): Refusal {
  if (error instanceof Refusal) {
    if (problems[error.code].status >= 500)
      logger.warn({ code: error.code, err: error.cause, ...during }, "request.refused");
    return error;
  }
  if (isAway(error)) {
    logger.warn({ err: error, ...during }, "request.store-away");
    return unavailable("A store that this needs can't be reached. Try again.");
  }
  logger.error({ err: error, ...during }, "request.failed");
  return new Refusal("internal", "This is an error of ours; it was written down.");
}

const what = (ctx: Context) => ({ method: ctx.method, route: ctx["_matchedRoute"] as string | undefined });

function answer(ctx: Context, refusal: Refusal): void {
  const { status } = problems[refusal.code];
  ctx.status = status;
  for (const [name, value] of Object.entries(refusal.headers)) ctx.res.setHeader(name, value);
  if (refusal.retryAfterSeconds !== undefined) ctx.res.setHeader("retry-after", String(refusal.retryAfterSeconds));
  ctx.res.setHeader("content-type", "application/problem+json");
  ctx.body = JSON.stringify(problemOf(refusal.code, refusal));
}

/** The JSON of a problem. */
export const problemOf = (
  code: ProblemName,
  { message, errors, step }: Pick<Refusal, "message" | "errors"> & Partial<Pick<Refusal, "step">>,
): Problem => ({
  type: problemType(code),
  ...problems[code],
  detail: message,
  ...(errors === undefined ? {} : { errors: [...errors] }),
  ...(step === undefined ? {} : { error: step }),
});

/** No route took it: the router has set 405 or 501 and Allow where the path is known with another method. */
function unanswered(ctx: Context): Refusal {
  if (ctx.status === 405 || ctx.status === 501) {
    return new Refusal("method-not-allowed", `${ctx.method} is not allowed here; ${ctx.response.get("allow")} is.`);
  }
  return new Refusal("not-found", "There is no such path; /openapi.json names those that exist.");
}
