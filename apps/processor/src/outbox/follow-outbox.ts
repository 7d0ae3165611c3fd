import { type Database, loadOutboxPartitions } from "@postback/database";
import { type Logger, repeatUntilStopped } from "@postback/runtime";
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
export const followOutbox = (
  db: Database,
  relay: OutboxRelay,
  ownership: Ownership,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> => {
  const look = async () => {
    const partitions = ownership.all.map(({ partition }) => partition);
    for (const partition of await loadOutboxPartitions(db, partitions)) wakeOutbox(relay, ownership, `${partition}/`);
  };
  return repeatUntilStopped(look, { intervalMs, signal, logger, event: "outbox.not-read" });
};
