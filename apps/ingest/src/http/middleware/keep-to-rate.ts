import type { Context } from "koa";
import type { TakenPlace } from "../../auth/rate-limits.ts";
import { Refusal } from "../../refusal.ts";

/**
 * Tells the client of its rate, `RateLimit-Policy: "key";q=100;w=1` and `RateLimit: "key";r=42;t=1`, as
 * draft-ietf-httpapi-ratelimit-headers-10 §3 and §4 have it, and refuses what is beyond.
 * @throws {Refusal} rate-limited
 */
export function keepToRate(ctx: Context, place: TakenPlace): void {
  const { isAllowed, perSecond, remaining, resetSeconds, retryAfterSeconds } = place;
  ctx.res.setHeader("ratelimit-policy", `"key";q=${perSecond};w=1`);
  ctx.res.setHeader("ratelimit", `"key";r=${remaining};t=${resetSeconds}`);
  if (isAllowed) return;
  const detail = `This key may make ${perSecond} requests a second here. Try again in ${retryAfterSeconds} s.`;
  throw new Refusal("rate-limited", detail, { retryAfterSeconds });
}
