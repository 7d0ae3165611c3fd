import { type Generation, type LaneLimits, type LaneShare, noShare, shareIn, smallerShare } from "./lane-share.ts";

/**
 * How dispatchers share lanes while they come and go. Each change of members is a *generation*, one row in Postgres.
 * A dispatcher that sees a new one keeps at once to the smaller of its shares, and says so with its next beat
 * (*acknowledges*), together with the lanes of which it has more out than its new share (*over*). It grows to its new
 * share only when all members have acknowledged, and in a lane only while nobody is over. So shares shrink before they
 * grow: whatever the views of the members, the shares in use sum up to no more than those of one generation.
 */
export type FleetView = {
  readonly newest: Generation;
  /** Since a member was taken out that had not left by itself: attempts of it may still be out. */
  readonly lostAgoMs: number | undefined;
  readonly peers: readonly FleetPeer[];
};

/** Another dispatcher by its last beat. */
export type FleetPeer = {
  readonly id: string;
  /** That it keeps to; none of a release that knows no generations: it counts dispatchers and shrinks by itself. */
  readonly generation: bigint | undefined;
  readonly ageMs: number;
  /** Lanes of which it has more out than its share. */
  readonly over: readonly string[];
};

/** What one dispatcher goes by. Times are of its own monotonic clock. */
export type Standing = {
  readonly me: string;
  /** All its members have acknowledged it. None before the first: nothing may be sent. */
  readonly settled: Generation | undefined;
  /** Seen since, in their order; each bounds the shares. */
  readonly pending: readonly Generation[];
  /** Settled before a member was lost: they bound a lane until that member's attempts have ended. */
  readonly before: readonly Generation[];
  readonly lostAtMs: number | undefined;
  readonly held: ReadonlySet<string>;
};

export type SharedLimits = LaneLimits & {
  readonly endpointId: string;
  /** Deadline of one attempt. */
  readonly timeoutMs: number;
  /** The endpoint sets limits of its own: they hold through a dispatcher's silence too. */
  readonly isLimited: boolean;
};

/** A member that is silent this long is taken out; it beats every 500 ms. */
export const fleetSilentMs = 8_000;
/** Without a confirmed beat for this long a dispatcher starts nothing at limited endpoints: it may be taken out soon. */
export const fleetFenceMs = 7_000;
/** Beyond an attempt's deadline: the time that its end may take to be seen. */
const attemptMarginMs = 1_000;
/** Longest deadline of an attempt with {@link attemptMarginMs}. */
const lostMattersMs = 31_000;
/** Generations that follow each other without settling; beyond it nothing is sent until one settles. */
const pendingMax = 32;
const nothing: Generation = { number: 0n, members: [] };

export const newStanding = (me: string): Standing => ({
  me,
  settled: undefined,
  pending: [],
  before: [],
  lostAtMs: undefined,
  held: new Set(),
});

/** The generation that this dispatcher keeps to, to be said with the next beat. */
export const acknowledgedBy = ({ pending, settled }: Standing): bigint | undefined =>
  (pending.at(-1) ?? settled)?.number;

/** Whether shares may still change without a new generation. */
export const isSettled = ({ pending, before, settled }: Standing): boolean =>
  settled !== undefined && pending.length === 0 && before.length === 0;

/** @param nowMs when the view had come, not when it was asked for */
export function standingAfter(standing: Standing, view: FleetView, nowMs: number): Standing {
  const lostAtMs = view.lostAgoMs === undefined ? undefined : nowMs - view.lostAgoMs;
  const isLossFresh = lostAtMs !== undefined && nowMs - lostAtMs < lostMattersMs;
  const held = new Set(view.peers.flatMap(({ over }) => over));
  const seen = { ...withSeen(standing, view.newest), lostAtMs, held, before: isLossFresh ? standing.before : [] };
  if (seen.pending.length === 0 || !isAcknowledgedByAll(view, standing.me)) return seen;
  const before = isLossFresh ? [...seen.before, standing.settled ?? nothing] : [];
  return { ...seen, settled: view.newest, pending: [], before };
}

function withSeen(standing: Standing, newest: Generation): Standing {
  if (acknowledgedBy(standing) === newest.number) return standing;
  if (standing.pending.length < pendingMax) return { ...standing, pending: [...standing.pending, newest] };
  return { ...standing, settled: undefined, pending: [newest] };
}

function isAcknowledgedByAll({ newest, peers }: FleetView, me: string): boolean {
  const byId = new Map(peers.map((peer) => [peer.id, peer]));
  return newest.members.every((id) => {
    if (id === me) return true;
    const peer = byId.get(id);
    return peer !== undefined && (peer.generation === undefined || peer.generation === newest.number);
  });
}

/** What this dispatcher may use of an endpoint's limits now. */
export function shareOf(standing: Standing, limits: SharedLimits, nowMs: number): LaneShare {
  const { me, settled, pending, before, lostAtMs } = standing;
  if (settled === undefined) return noShare(limits);
  const untilMs = lostAtMs === undefined ? 0 : lostAtMs + limits.timeoutMs + attemptMarginMs;
  const bounding = limits.isLimited && nowMs < untilMs ? [...before, ...pending] : pending;
  return bounding
    .map((generation) => shareIn(generation, me, limits.endpointId, limits))
    .reduce(smallerShare, shareIn(settled, me, limits.endpointId, limits));
}

/**
 * Who should be members by now; undefined when that is who they are. Silence counts only for one who has beaten
 * steadily meanwhile: after an outage of Postgres everybody was silent.
 */
export function nextMembers(
  { newest, peers }: FleetView,
  me: string,
  isSteady: boolean,
): { readonly members: readonly string[]; readonly lost: boolean } | undefined {
  const current = new Set(newest.members);
  const isSilent = ({ ageMs }: FleetPeer) => ageMs >= fleetSilentMs;
  const stays = (peer: FleetPeer) => !isSilent(peer) || (current.has(peer.id) && !isSteady);
  const members = [...peers.filter(stays).map(({ id }) => id), me].toSorted();
  if (members.length === current.size && members.every((id) => current.has(id))) return undefined;
  return { members, lost: peers.some((peer) => current.has(peer.id) && !stays(peer)) };
}
