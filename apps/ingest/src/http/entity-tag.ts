import { hash } from "node:crypto";
import type { Context } from "koa";
import { sendJson } from "./context.ts";

/** A strong validator: the same tag, the same bytes (RFC 9110 §8.8.3). */
export const entityTag = (json: string): string => `"${hash("sha256", json, "base64url").slice(0, 22)}"`;

/** Whether If-None-Match names this tag (RFC 9110 §13.1.2, by the weak comparison). */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);
}

/** Answers with the representation and its tag, or 304 where the client has it. */
export function sendTagged(ctx: Context, json: string): void {
  const tag = entityTag(json);
  ctx.res.setHeader("etag", tag);
  // A status changes: whoever keeps it asks before using it again.
  ctx.res.setHeader("cache-control", "private, no-cache");
  if (isKnown(ctx.req.headers["if-none-match"], tag)) ctx.status = 304;
  else sendJson(ctx, 200, json);
}
