import type { Context } from "koa";

/** Writes JSON that is text already: Koa would look at it and guess, and stringify objects once more. */
export function sendJson(ctx: Context, status: number, json: string): void {
  ctx.status = status;
  ctx.res.setHeader("content-type", "application/json; charset=utf-8");
  ctx.body = json;
}

/** A parameter of the path, decoded. */
export function pathParam(ctx: Context, name: string): string {
  const params = ctx["params"] as Record<string, string | undefined>;
  return params[name] ?? "";
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id in the path in its canonical form; undefined when it can't be one, so that nothing has that id. */
export function idParam(ctx: Context, name: string): string | undefined {
  const text = pathParam(ctx, name);
  return uuid.test(text) ? text.toLowerCase() : undefined;
}
