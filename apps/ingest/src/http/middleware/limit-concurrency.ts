import type { IncomingMessage } from "node:http";
import type { Gauge } from "@postback/runtime";
import type { Context, Middleware } from "koa";
import { overloaded } from "../../refusal.ts";

/** How each request that is in work leaves it. */
const leaving = new WeakMap<IncomingMessage, () => void>();

/** Bounds the requests in work: past the limit a quick no is better for everybody than a slow yes. */
export function limitConcurrency(max: number, inFlight: Gauge): Middleware {
  let working = 0;
  return async (ctx, next) => {
    if (working >= max) throw overloaded(`${max} requests are in work already. Try again.`);
    working += 1;
    inFlight.set(working);
    let left = false;
    const end = () => {
      if (left) return;
      left = true;
      working -= 1;
      inFlight.set(working);
    };
    leaving.set(ctx.req, end);
    try {
      await next();
    } finally {
      end();
    }
  };
}

/** A request that is held open only waits; it is counted elsewhere, and no longer among those in work. */
export const leaveWork = (ctx: Context): void => leaving.get(ctx.req)?.();
