import { setTimeout as sleep } from "node:timers/promises";
import { type Database, loadPendingResults } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { Ownership } from "../own/own-partitions.ts";

/** How often results are looked for that no notification told of. */
const intervalMs = 1_000;
const resultsMax = 1_000;

/** Wakes operations whose handed-over step has a result: only their owner takes it (design §3.2). */
export async function followResults(
  db: Database,
  ownership: Ownership,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(intervalMs, undefined, { signal }).catch(() => {
      // Stopping.
    });
    if (signal.aborted) return;
    try {
      const partitions = ownership.all.map(({ partition }) => partition);
      for (const { partition, tenantId, id } of await loadPendingResults(db, partitions, resultsMax)) {
        ownership.find(partition)?.queues.wake(tenantId, id);
      }
    } catch (error) {
      logger.warn({ err: error }, "step-results.not-read");
    }
  }
}
