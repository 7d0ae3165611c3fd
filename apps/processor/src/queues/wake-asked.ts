import { type Database, loadPendingResults, loadRequested } from "@postback/database";
import { type Logger, repeatUntilStopped } from "@postback/runtime";
import type { Ownership } from "../own/own-partitions.ts";

/** How often is looked for what no notification told of. */
const requestsIntervalMs = 5_000;
const resultsIntervalMs = 1_000;
const operationsMax = 1_000;

/** `partition/tenant/id` of a notification on `postback_requests` or `postback_step_results`. */
export function wakeNotified(ownership: Ownership, payload: string | undefined): void {
  const [partition, tenantId, id] = payload?.split("/") ?? [];
  if (partition === undefined || tenantId === undefined || id === undefined) return;
  ownership.find(Number(partition))?.queues.wake(tenantId, id);
}

/** Wakes operations that something is asked of (cancel, retry, skip): only their owner acts on it (design §3.2). */
export const followRequests = (
  db: Database,
  ownership: Ownership,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> =>
  repeatUntilStopped(() => wakeAll(db, ownership, loadRequested), {
    intervalMs: requestsIntervalMs,
    signal,
    logger,
    event: "requests.not-read",
  });

/** Wakes operations whose handed-over step has a result: only their owner takes it (design §3.2). */
export const followResults = (db: Database, ownership: Ownership, signal: AbortSignal, logger: Logger): Promise<void> =>
  repeatUntilStopped(() => wakeAll(db, ownership, loadPendingResults), {
    intervalMs: resultsIntervalMs,
    signal,
    logger,
    event: "step-results.not-read",
  });

async function wakeAll(db: Database, ownership: Ownership, load: typeof loadRequested): Promise<void> {
  const partitions = ownership.all.map(({ partition }) => partition);
  for (const { partition, tenantId, id } of await load(db, partitions, operationsMax)) {
    ownership.find(partition)?.queues.wake(tenantId, id);
  }
}
