import type { Gauge } from "@postback/runtime";
import type { Middleware } from "koa";
import { overloaded } from "../../refusal.ts";

/** Bounds the requests in work: past the limit a quick no is better for everybody than a slow yes. */
export function limitConcurrency(max: number, inFlight: Gauge): Middleware {
  let working = 0;
  return async (_ctx, next) => {
    if (working >= max) throw overloaded(`${max} requests are in work already. Try again.`);
    working += 1;
    inFlight.set(working);
    try {
      await next();
    } finally {
      working -= 1;
      inFlight.set(working);
    }
  };
}
