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

const load = statement(
  "load_held_lanes",
  `SELECT l.endpoint_id AS "endpointId", ${sharedBreaker} AS breaker,
     greatest(0, coalesce(extract(epoch FROM l.paused_until - now()) * 1000, 0))::double precision AS "pauseMs"
   FROM (SELECT tenant_id, endpoint_id FROM lanes WHERE paused_until > now()
     UNION SELECT tenant_id, endpoint_id FROM lanes WHERE breaker IS NOT NULL) AS held
   JOIN lanes l USING (tenant_id, endpoint_id)`,
);

/** Lanes that a Retry-After or a breaker holds back, whichever dispatcher met it. */
export async function loadHeldLanes(db: Database): Promise<HeldLane[]> {
  return await run<HeldLane>(db.pool, load, []);
}
