/** Tokens that were there at a time; how many there are now follows from the rate. */
export type TokenBucket = { readonly tokens: number; readonly atMs: number };

/** A full bucket: one second's worth of requests may go at once, and always at least one. */
export function fullBucket(perSecond: number, nowMs: number): TokenBucket {
  return { tokens: burstOf(perSecond), atMs: nowMs };
}

/** A bucket that fills from a time on. */
export const emptyBucket = (fromMs: number): TokenBucket => ({ tokens: 0, atMs: fromMs });

/** The bucket with what has flowed in since. A clock that went back adds nothing. */
export function refilled(bucket: TokenBucket, perSecond: number, nowMs: number): TokenBucket {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return { tokens: Math.min(burstOf(perSecond), bucket.tokens + (elapsedMs * perSecond) / 1000), atMs: nowMs };
}

/** Milliseconds, rounded up, until there is a whole token; 0 when there is one. */
export function msUntilToken(bucket: TokenBucket, perSecond: number, nowMs: number): number {
  const missing = 1 - refilled(bucket, perSecond, nowMs).tokens;
  return missing <= ROUNDING ? 0 : Math.ceil((missing * 1000) / perSecond);
}

/** The bucket after one token was taken; ask {@link msUntilToken} first. */
export function withoutToken(bucket: TokenBucket, perSecond: number, nowMs: number): TokenBucket {
  const { tokens, atMs } = refilled(bucket, perSecond, nowMs);
  return { tokens: Math.max(0, tokens - 1), atMs };
}

/** Sums of fractions may stay a hair below 1: without this a lane would wait a millisecond for nothing. */
const ROUNDING = 1e-9;

function burstOf(perSecond: number): number {
  return Math.max(1, perSecond);
}
