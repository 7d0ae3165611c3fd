import type { Scope } from "@postback/contracts";
import type { Context } from "koa";
import { type Caller, type KnownKeys, requireAnyScope, requireScope } from "../../auth/known-keys.ts";
import type { RateLimits } from "../../auth/rate-limits.ts";
import { keepToRate } from "./keep-to-rate.ts";

export type Handler = (ctx: Context, caller: Caller) => Promise<void>;

interface RouteOptions {
  /**
   * The handler shows a partner its own, and what its grant allows, alone. Without it the call is closed to partners'
   * keys, unless it takes writes: a route that says nothing leaks nothing.
   */
  partners?: true;
}

/** What registers a route needs to guard it; of several scopes one is enough. */
export type Authorize = (
  scope: Scope | readonly Scope[],
  handler: Handler,
  options?: RouteOptions,
) => (ctx: Context) => Promise<void>;

/**
 * A route's handler with the check of key, rate and scope before it: one function instead of a middleware of its own,
 * because each layer costs on the hot routes.
 */
export const authorizeWith =
  (keys: KnownKeys, limits?: RateLimits): Authorize =>
  (scope, handler, { partners = false as boolean } = {}) => {
    const anyOf = [scope].flat();
    return async (ctx) => {
      const found = keys.callerOf(ctx.req.headers.authorization);
      const caller = found instanceof Promise ? await found : found;
      if (limits !== undefined) keepToRate(ctx, limits.take(caller));
      if (partners) requireAnyScope(caller, anyOf);
      else requireScope(caller, ...anyOf);
      await handler(ctx, caller);
    };
  };
