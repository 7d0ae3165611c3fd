import type { Health } from "@postback/runtime";
import type { Middleware } from "koa";

/** /livez, /readyz and /metrics, before all limits: they must answer when nothing else does. */
export const serveHealth =
  (health: Health): Middleware =>
  async (ctx, next) => {
    const answering = ctx.method === "GET" || ctx.method === "HEAD" ? health(ctx.path) : undefined;
    if (answering === undefined) return next();
    const { status, contentType, body } = await answering;
    ctx.status = status;
    ctx.res.setHeader("content-type", contentType);
    ctx.res.setHeader("cache-control", "no-store");
    ctx.body = body;
  };
