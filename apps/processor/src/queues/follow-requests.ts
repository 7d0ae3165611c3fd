import { setTimeout as sleep } from "node:timers/promises";
import { type Database, loadRequested } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { Ownership } from "../own/own-partitions.ts";

/** How often requests are looked for that no notification told of. */
const intervalMs = 5_000;
const requestsMax = 1_000;

/** `partition/tenant/id` of a notification on `postback_requests`. */
export function wakeNotified(ownership: Ownership, payload: string | undefined): void {
  const [partition, tenantId, id] = payload?.split("/") ?? [];
  if (partition === undefined || tenantId === undefined || id === undefined) return;
  ownership.find(Number(partition))?.queues.wake(tenantId, id);
}

/** Wakes operations that something is asked of (cancel, retry, skip): only their owner acts on it (design §3.2). */
export async function followRequests(
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
      for (const { partition, tenantId, id } of await loadRequested(db, partitions, requestsMax)) {
        ownership.find(partition)?.queues.wake(tenantId, id);
      }
    } catch (error) {
      logger.warn({ err: error }, "requests.not-read");
    }
  }
}
