import type { Histogram, Logger } from "@postback/runtime";
import type { Context, Middleware } from "koa";

type Observer = { observe(value: number): void };

/** A request's duration by method, route and status; debug lines for the curious, since one a request would cost too much. */
export function measureRequests(durations: Histogram<"method" | "route" | "status">, logger: Logger): Middleware {
  // Routes × methods × statuses: a bounded number, because paths that no route has count as one.
  const observers = new Map<string, Observer>();
  const observerOf = (method: string, route: string, status: number): Observer => {
    const key = `${method} ${route} ${status}`;
    const known = observers.get(key);
    if (known !== undefined) return known;
    const made = durations.labels({ method, route, status: String(status) });
    observers.set(key, made);
    return made;
  };
  return async (ctx, next) => {
    const startedMs = performance.now();
    await next();
    const durationMs = performance.now() - startedMs;
    observerOf(knownMethod(ctx), routeOf(ctx), ctx.status).observe(durationMs / 1000);
    if (logger.isLevelEnabled("debug")) {
      logger.debug({ method: ctx.method, route: routeOf(ctx), status: ctx.status, durationMs }, "request.answered");
    }
  };
}

const methods = new Set(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]);
const knownMethod = (ctx: Context): string => (methods.has(ctx.method) ? ctx.method : "other");
const routeOf = (ctx: Context): string => (ctx["_matchedRoute"] as string | undefined) ?? "none";
