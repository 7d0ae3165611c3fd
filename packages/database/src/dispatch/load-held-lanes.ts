import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** How an endpoint's breaker stands for all dispatchers, where it isn't closed. */
export interface SharedBreaker {
  state: "open" | "half-open";
  /** Openings in a row: the wait for the next probe grows with them. */
  openings: number;
  /** From now: to the next probe (open), or until the one that is out counts as lost (half-open). May be past. */
  remainingMs: number;
}

export interface HeldLane {
  endpointId: string;
  /** Of a receiver's Retry-After, from now; 0: not paused. */
  pauseMs: number;
  breaker: SharedBreaker | null;
}

/** {@link SharedBreaker} of a row `l` of lanes, null where it is closed. */
export const sharedBreaker = `CASE WHEN l.breaker IS NOT NULL THEN json_build_object('state', l.breaker->>'state',
  'openings', (l.breaker->>'openings')::int,
  'remainingMs', (extract(epoch FROM l.breaker_until - now()) * 1000)::double precision) END`;

const columns = `l.endpoint_id AS "endpointId", ${sharedBreaker} AS breaker,
  greatest(0, coalesce(extract(epoch FROM l.paused_until - now()) * 1000, 0))::double precision AS "pauseMs"`;

const loadAll = statement(
  "load_held_lanes",
  `SELECT ${columns} FROM lanes l WHERE l.paused_until > now() OR l.breaker IS NOT NULL`,
);

const loadChanged = statement(
  "load_changed_holds",
  `SELECT ${columns} FROM lanes l WHERE l.held_at > now() - make_interval(secs => $1 / 1000.0)`,
);

/** Transactions that hold a lane are short; one that began this long before a look and ended after it is seen by the next. */
const overlapMs = 5_000;

/**
 * Lanes that a Retry-After or a breaker holds back, or no longer does, whichever dispatcher met it: those that changed
 * since the last look, whatever the number of dead endpoints.
 * @param sinceMs how long ago the last look was; undefined: all that are held back now
 */
export async function loadHeldLanes(db: Database, sinceMs?: number): Promise<HeldLane[]> {
  if (sinceMs === undefined) return await run<HeldLane>(db.pool, loadAll, []);
  return await run<HeldLane>(db.pool, loadChanged, [sinceMs + overlapMs]);
}
