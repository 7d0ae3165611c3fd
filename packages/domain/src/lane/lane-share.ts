/** What an endpoint allows of all dispatchers together. */
export type LaneLimits = {
  readonly concurrency: number;
  readonly ratePerSecond: number | undefined;
};

/** What one dispatcher may use of it. No slots: others work the lane. */
export type LaneShare = {
  readonly concurrency: number;
  readonly ratePerSecond: number | undefined;
};

/** Dispatchers that share lanes at a time, sorted; a change makes the next one. */
export type Generation = { readonly number: bigint; readonly members: readonly string[] };

/**
 * A member's share. The shares of all members sum up to no more than the endpoint's limits. A limit that has no slot, or
 * not one request a second, for each member is worked by as many as it has; which those are differs by endpoint, so
 * that small endpoints are spread over all.
 */
export function shareIn(generation: Generation, me: string, endpointId: string, limits: LaneLimits): LaneShare {
  const { members } = generation;
  const { concurrency, ratePerSecond } = limits;
  const index = members.indexOf(me);
  if (index < 0) return noShare(limits);
  const workers = workersOf(members.length, limits);
  const rank = (index + hashOf(endpointId)) % members.length;
  if (rank >= workers) return noShare(limits);
  return {
    concurrency: Math.floor(concurrency / workers) + (rank < concurrency % workers ? 1 : 0),
    ratePerSecond: ratePerSecond === undefined ? undefined : ratePerSecond / workers,
  };
}

/** The most that is inside both. */
export function smallerShare(a: LaneShare, b: LaneShare): LaneShare {
  const rates = [a.ratePerSecond, b.ratePerSecond].filter((rate) => rate !== undefined);
  return {
    concurrency: Math.min(a.concurrency, b.concurrency),
    ratePerSecond: rates.length === 0 ? undefined : Math.min(...rates),
  };
}

/** None of the slots. The rate stays, as a lane always has one where its endpoint does. */
export const noShare = ({ ratePerSecond }: LaneLimits): LaneShare => ({ concurrency: 0, ratePerSecond });

/** A bucket holds one token at least: more workers than requests a second would burst above the rate. */
function workersOf(members: number, { concurrency, ratePerSecond }: LaneLimits): number {
  const byRate = ratePerSecond === undefined ? members : Math.max(1, Math.floor(ratePerSecond));
  return Math.max(1, Math.min(members, concurrency, byRate));
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
