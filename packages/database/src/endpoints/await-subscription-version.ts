import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** A dispatcher that has not been heard for this long is not live. It beats every 500 ms. */
export const dispatcherLiveMs = 3_000;
const pollMs = 20;

const behind = statement(
  "dispatchers_behind",
  `SELECT count(*)::int AS count FROM dispatchers
   WHERE version < $1 AND heartbeat_at > now() - make_interval(secs => $2 / 1000.0)`,
);

/**
 * Waits until every live dispatcher matches with the version, at most `timeoutMs`.
 * @returns false when one was still behind at the end
 */
export async function awaitSubscriptionVersion(
  db: Database,
  version: bigint,
  { timeoutMs }: { timeoutMs: number },
): Promise<boolean> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const [row] = await run<{ count: number }>(db.pool, behind, [version.toString(), dispatcherLiveMs]);
    if (row?.count === 0) return true;
    if (performance.now() + pollMs > endsAt) return false;
    await sleep(pollMs);
  }
}
