import { dispatcherLiveMs } from "../endpoints/await-subscription-version.ts";
import type { Database } from "../open-database.ts";
import { run, statement, withoutWaitForDisk } from "../statement.ts";

const beat = statement(
  "beat_dispatcher",
  `WITH mine AS (
     INSERT INTO dispatchers (id, version) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, heartbeat_at = now()),
   gone AS (DELETE FROM dispatchers WHERE heartbeat_at < now() - interval '1 minute' AND id <> $1)
   SELECT count(*)::int + 1 AS live FROM ${withoutWaitForDisk} AS unsynced, dispatchers
   WHERE id <> $1 AND heartbeat_at > now() - make_interval(secs => $3 / 1000.0)`,
);

/** Says that this dispatcher lives and which subscription version it matches with; answers how many live, it included. */
export async function beatDispatcher(db: Database, id: string, version: bigint): Promise<number> {
  const [row] = await run<{ live: number }>(db.pool, beat, [id, version.toString(), dispatcherLiveMs]);
  return row?.live ?? 1;
}

const leave = statement("leave_dispatcher", "DELETE FROM dispatchers WHERE id = $1");

/** Says that this dispatcher is gone, so that nobody waits for it. */
export async function leaveDispatchers(db: Database, id: string): Promise<void> {
  await run(db.pool, leave, [id]);
}
