import { fullBucket, msUntilToken, refilled, type TokenBucket, withoutToken } from "@postback/domain";
import type { Caller } from "./known-keys.ts";
import { LruMap } from "./lru-map.ts";

/** What came of a request for a place, and what the client is told of it. */
export interface TakenPlace {
  isAllowed: boolean;
  /** Requests in a second. */
  perSecond: number;
  /** Requests that would be taken at once. */
  remaining: number;
  /** Seconds until as many as in a whole second would be, rounded up. */
  resetSeconds: number;
  /** Seconds until one would be, rounded up; 0 when this one was. */
  retryAfterSeconds: number;
}

export interface RateLimitsOptions {
  /** Of each key whose tenant has no quota of its own. */
  perSecond: number;
  /** Monotonic, milliseconds. */
  clock?: () => number;
  /** Keys held, at most; default 10 000. The one that was idle for longest goes first, and its bucket is full by then. */
  keysMax?: number;
}

/**
 * A token bucket for each API key, in this process: a second's worth may come at once, and then at the rate. Kept in
 * memory, so that it costs no question; with n processes a key may do n times as much, which the configuration says.
 */
export class RateLimits {
  readonly #perSecond: number;
  readonly #clock: () => number;
  readonly #buckets: LruMap<string, TokenBucket>;

  constructor({ perSecond, clock = () => performance.now(), keysMax = 10_000 }: RateLimitsOptions) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#buckets = new LruMap(keysMax);
  }

  take({ keyId, requestsPerSecond }: Pick<Caller, "keyId" | "requestsPerSecond">): TakenPlace {
    const nowMs = this.#clock();
    const perSecond = requestsPerSecond ?? this.#perSecond;
    const bucket = this.#buckets.get(keyId) ?? fullBucket(perSecond, nowMs);
    const waitMs = msUntilToken(bucket, perSecond, nowMs);
    const after = waitMs > 0 ? refilled(bucket, perSecond, nowMs) : withoutToken(bucket, perSecond, nowMs);
    this.#buckets.set(keyId, after);
    return {
      isAllowed: waitMs === 0,
      perSecond,
      remaining: Math.floor(after.tokens),
      resetSeconds: Math.ceil((perSecond - after.tokens) / perSecond),
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    };
  }
}
