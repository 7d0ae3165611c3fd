import { fullBucket, msUntilToken, type TokenBucket, withoutToken } from "../lane/token-bucket.ts";

/** What an endpoint allows, all dispatchers together. */
export type EndpointLimits = { readonly concurrency: number; readonly ratePerSecond?: number | undefined };

/** The part of its endpoint's limits that a replay may use: the other half stays free for live events. */
const SHARE = 0.5;

/** How many replayed deliveries may wait for their first attempt at once: half of the endpoint's slots, at least one. */
export const replayWindow = ({ concurrency }: EndpointLimits): number => Math.max(1, Math.floor(concurrency * SHARE));

/** Replayed deliveries per second at most: what was asked for, and half of the endpoint's rate. Undefined: no limit. */
export function replayRate(asked: number | undefined, { ratePerSecond }: EndpointLimits): number | undefined {
  const rates = [asked, ratePerSecond === undefined ? undefined : ratePerSecond * SHARE];
  const limits = rates.filter((rate) => rate !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** How fast a replay goes: its window and what is left of its rate. */
export type ReplayPace = { readonly window: number; readonly rate?: { perSecond: number; bucket: TokenBucket } };

export function newPace(asked: number | undefined, endpoint: EndpointLimits, nowMs: number): ReplayPace {
  const perSecond = replayRate(asked, endpoint);
  const window = replayWindow(endpoint);
  return perSecond === undefined ? { window } : { window, rate: { perSecond, bucket: fullBucket(perSecond, nowMs) } };
}

/** The pace after the endpoint's limits may have changed; tokens that are left stay. */
export function adaptedPace(
  pace: ReplayPace,
  asked: number | undefined,
  endpoint: EndpointLimits,
  nowMs: number,
): ReplayPace {
  const next = newPace(asked, endpoint, nowMs);
  return next.rate && pace.rate ? { ...next, rate: { ...next.rate, bucket: pace.rate.bucket } } : next;
}

/**
 * How many deliveries a replay may make now.
 * @param outstanding those that it has made and that have had no attempt yet
 */
export function mayFeed({ window, rate }: ReplayPace, outstanding: number, nowMs: number): number {
  const free = Math.max(0, window - outstanding);
  if (!rate) return free;
  let { bucket } = rate;
  let count = 0;
  while (count < free && msUntilToken(bucket, rate.perSecond, nowMs) === 0) {
    bucket = withoutToken(bucket, rate.perSecond, nowMs);
    count += 1;
  }
  return count;
}

/** The pace after so many were made. Only as many as {@link mayFeed} said. */
export function paceAfter(pace: ReplayPace, fed: number, nowMs: number): ReplayPace {
  if (!pace.rate) return pace;
  let { bucket } = pace.rate;
  for (let taken = 0; taken < fed; taken += 1) bucket = withoutToken(bucket, pace.rate.perSecond, nowMs);
  return { ...pace, rate: { ...pace.rate, bucket } };
}
