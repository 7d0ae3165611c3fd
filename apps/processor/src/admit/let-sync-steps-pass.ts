import { type CommandRow, type Database, projectCommands } from "@postback/database";
import type { Catalog } from "@postback/operations";
import { type Logger, sleepUnlessAborted } from "@postback/runtime";
import type { OutboxRelay } from "../outbox/outbox-relay.ts";
import type { OwnedPartition } from "../own/owned-partition.ts";

export interface LetPassOptions {
  db: Database;
  relay: Pick<OutboxRelay, "admit">;
  catalog: Pick<Catalog, "syncEntityTypes">;
  logger: Logger;
}

/** How soon the lock of an entity is tried again: about as long as its sync steps take. */
const againMs = 5;

/**
 * Commands are held because sync steps of their entity run, or wait in the outbox: what these did comes before (design
 * §3.2). Admits the outbox, or waits a moment for a transaction that is still at work, which its own bound ends.
 * @param isFirst their rows are made then, if they aren't there: whoever wants to do sync steps of their entity is refused
 *   from then on, so that it is one transaction that is waited for and not one after another
 */
export async function letSyncStepsPass(
  options: LetPassOptions,
  owned: OwnedPartition,
  held: readonly CommandRow[],
  isFirst: boolean,
): Promise<void> {
  if (isFirst) await showCommands(options, held);
  if ((await options.relay.admit(owned)) > 0) return;
  // Sooner when the partition is lost: nothing of it is admitted any more.
  await sleepUnlessAborted(againMs, owned.lost.signal);
}

async function showCommands({ db, catalog, logger }: LetPassOptions, held: readonly CommandRow[]): Promise<void> {
  const shown = held.filter(({ entityType }) => catalog.syncEntityTypes.has(entityType));
  try {
    await projectCommands(db, shown);
  } catch (error) {
    // It shortens the wait, no more: admission makes the rows, or says what is wrong with them.
    logger.warn({ err: error, rows: shown.length }, "commands.not-shown");
  }
}
