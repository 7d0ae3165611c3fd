import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface FleetChange {
  /** The generation that was seen; if it is no longer the newest, nothing is changed. */
  from: bigint;
  members: readonly string[];
  /** A member was taken out that had fallen silent. */
  lost: boolean;
}

/** Its commit waits for the disk: a generation must never name other members after a crash. */
const change = statement(
  "change_fleet",
  `WITH changed AS (
     UPDATE dispatcher_fleet SET generation = generation + 1, members = $2,
       lost_at = CASE WHEN $3 THEN now() ELSE lost_at END
     WHERE generation = $1 RETURNING generation)
   SELECT pg_notify('postback_subscriptions', 'fleet') FROM changed`,
);

/** Makes the next generation of the dispatchers that share lanes, and wakes them; false when another was quicker. */
export async function changeFleet(db: Database, { from, members, lost }: FleetChange): Promise<boolean> {
  return (await run(db.pool, change, [from.toString(), members, lost])).length > 0;
}
