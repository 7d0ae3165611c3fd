import type { Scope } from "@postback/contracts";
import type { Context } from "koa";
import { type Caller, type KnownKeys, requireScope } from "../../auth/known-keys.ts";

export type Handler = (ctx: Context, caller: Caller) => Promise<void>;

/** What registers a route needs to guard it; of several scopes one is enough. */
export type Authorize = (scope: Scope | readonly Scope[], handler: Handler) => (ctx: Context) => Promise<void>;

/**
 * A route's handler with the check of key and scope before it: one function instead of a middleware of its own, because
 * each layer costs on the hot routes.
 */
export const authorizeWith =
  (keys: KnownKeys): Authorize =>
  (scope, handler) => {
    const anyOf = [scope].flat();
    return async (ctx) => {
      const found = keys.callerOf(ctx.req.headers.authorization);
      const caller = found instanceof Promise ? await found : found;
      requireScope(caller, ...anyOf);
      await handler(ctx, caller);
    };
  };
