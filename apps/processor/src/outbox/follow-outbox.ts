import { setTimeout as sleep } from "node:timers/promises";
import { type Database, loadOutboxPartitions } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { Ownership } from "../own/own-partitions.ts";
import type { OutboxRelay } from "./outbox-relay.ts";

/** How often the outbox is looked at for what no notification told of. */
const intervalMs = 1_000;

/** `partition/tenant/id` of a notification on `postback_outbox`; without one, any partition may have something. */
export function wakeOutbox(relay: OutboxRelay, ownership: Ownership, payload: string | undefined): void {
  const partition = payload?.split("/", 1)[0];
  for (const owned of ownership.all) {
    if (partition === undefined || owned.partition === Number(partition)) relay.kick(owned);
  }
}

/** Admits what waits in the outbox of owned partitions, whatever catalog this process has: it was answered 201. */
export async function followOutbox(
  db: Database,
  relay: OutboxRelay,
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
      for (const partition of await loadOutboxPartitions(db, partitions)) wakeOutbox(relay, ownership, `${partition}/`);
    } catch (error) {
      logger.warn({ err: error }, "outbox.not-read");
    }
  }
}
