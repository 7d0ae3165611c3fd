import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface PausedLane {
  endpointId: string;
  /** Of the pause, from now. */
  remainingMs: number;
}

const load = statement(
  "load_paused_lanes",
  `SELECT endpoint_id AS "endpointId",
     (extract(epoch FROM paused_until - now()) * 1000)::double precision AS "remainingMs"
   FROM lanes WHERE paused_until > now()`,
);

/** Lanes that an answer's Retry-After holds back, whichever dispatcher got it. */
export async function loadPausedLanes(db: Database): Promise<PausedLane[]> {
  return await run<PausedLane>(db.pool, load, []);
}
