import {
  type Database,
  endCancelledReplay,
  feedReplay,
  loadReplayable,
  lookAtReplay,
  type ReplayableEvent,
  type ReplaySight,
} from "@postback/database";
import { adaptedPace, mayFeed, newPace, paceAfter } from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";
import { type HeldReplay, scopeOf } from "./held-replay.ts";

export interface StepOptions {
  db: Database;
  /** This dispatcher, as the owner of the lease. */
  owner: string;
  find(endpointId: string): Subscription | undefined;
  clock(): number;
}

export type StepResult =
  /** Nothing of it is this dispatcher's any more. */
  | { kind: "over" }
  /** Nothing can be done before something else has happened: look again after a while, milliseconds. */
  | { kind: "idle"; lookAgainMs: number }
  | { kind: "moved"; fed: number };

/** Events read ahead at once; no bodies. */
const pageMax = 500;
/** With bodies, of up to 256 KiB each. */
const pageWithBodiesMax = 50;
/** What was read ahead is read again after this long: it says what has been delivered meanwhile. */
const pageMaxAgeMs = 10_000;
const discardMax = 1_000;
/** While attempts are awaited; while anything else is: an endpoint, a token, live deliveries. */
const attemptLookMs = 20;
const otherLookMs = 200;

/** Brings a replay one step on: as many deliveries as its window and rate allow, or one page of events that it doesn't cover. */
export async function stepReplay(held: HeldReplay, options: StepOptions): Promise<StepResult> {
  const { db, owner } = options;
  const sight = await lookAtReplay(db, held.row, owner);
  if (sight === undefined || sight.status === "paused") return { kind: "over" };
  if (sight.status === "cancelled") {
    const isEnded = await endCancelledReplay(db, { ...held.row, owner }, discardMax);
    return isEnded ? { kind: "over" } : { kind: "idle", lookAgainMs: attemptLookMs };
  }
  const endpoint = options.find(held.row.endpointId);
  // One that is told no more keeps its replay waiting: it goes on when it is enabled again.
  if (endpoint === undefined || !endpoint.enabled) return { kind: "idle", lookAgainMs: otherLookMs };
  return await feed(held, sight, endpoint, options);
}

async function feed(
  held: HeldReplay,
  sight: ReplaySight,
  endpoint: Subscription,
  options: StepOptions,
): Promise<StepResult> {
  const { db, owner, clock } = options;
  const asked = held.row.ratePerSecond ?? undefined;
  const pace = held.pace ? adaptedPace(held.pace, asked, endpoint, clock()) : newPace(asked, endpoint, clock());
  held.pace = pace;
  const max = sight.isLiveDue ? 0 : mayFeed(pace, sight.outstanding.length, clock());
  await readAhead(held, endpoint, db, clock());
  const chosen = choose(held, endpoint, max);
  const isRead = held.isReadToTheEnd && chosen.rest.length === 0;
  const isComplete = isRead && chosen.events.length === 0 && sight.outstanding.length === 0;
  if (chosen.judged === 0 && !isComplete) {
    const isAwaiting = sight.outstanding.length > 0 && !sight.isLiveDue;
    return { kind: "idle", lookAgainMs: isAwaiting ? attemptLookMs : otherLookMs };
  }
  const outstanding = [...sight.outstanding, ...chosen.events.map(({ eventId }) => eventId)];
  const deliveries = chosen.events.map(({ eventId, type, partition }) => ({ eventId, eventType: type, partition }));
  const { tenantId, id } = held.row;
  const { cursor } = chosen;
  if (!(await feedReplay(db, { tenantId, id, owner, cursor, outstanding, deliveries, isComplete }))) {
    return { kind: "over" };
  }
  held.cursor = cursor;
  held.ahead = chosen.rest;
  held.pace = paceAfter(pace, deliveries.length, clock());
  return isComplete ? { kind: "over" } : { kind: "moved", fed: deliveries.length };
}

async function readAhead(
  held: HeldReplay,
  { filter, partner }: Subscription,
  db: Database,
  nowMs: number,
): Promise<void> {
  const withBodies = filter !== undefined || partner?.grant.filter !== undefined;
  const isStale = nowMs - held.readAtMs > pageMaxAgeMs || (withBodies && !held.hasBodies);
  if (!isStale && (held.ahead.length > 0 || held.isReadToTheEnd)) return;
  const { tenantId, endpointId, coversFrom, until } = held.row;
  const limit = withBodies ? pageWithBodiesMax : pageMax;
  const range = { tenantId, endpointId, coversFrom, until, after: held.cursor, limit, withBodies };
  held.ahead = await loadReplayable(db, range);
  held.hasBodies = withBodies;
  held.isReadToTheEnd = held.ahead.length < limit;
  held.readAtMs = nowMs;
}

interface Chosen {
  events: ReplayableEvent[];
  /** The last event judged, or where it was. */
  cursor: string | undefined;
  judged: number;
  rest: ReplayableEvent[];
}

/** Judges in order until `max` are chosen; what comes after the last chosen and isn't covered is passed over, too. */
function choose(held: HeldReplay, endpoint: Subscription, max: number): Chosen {
  const covers = scopeOf(held, endpoint);
  const events: ReplayableEvent[] = [];
  let judged = 0;
  for (const event of held.ahead) {
    const isCovered = covers(event);
    if (isCovered && events.length >= max) break;
    if (isCovered) events.push(event);
    judged += 1;
  }
  return { events, cursor: held.ahead[judged - 1]?.eventId ?? held.cursor, judged, rest: held.ahead.slice(judged) };
}
