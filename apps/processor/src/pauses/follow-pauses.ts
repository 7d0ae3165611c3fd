import { type Database, loadPausedPartitions } from "@postback/database";
import { type Logger, repeatUntilStopped } from "@postback/runtime";
import type { Ownership } from "../own/own-partitions.ts";
import type { PauseKeeper } from "./pause-keeper.ts";

/** How often pauses are looked at for what no notification told of, and for those whose time is over. */
const intervalMs = 1_000;

/** The partition of a notification on `postback_pauses`; without one, any may have something. */
export function wakePauses(keeper: PauseKeeper, ownership: Ownership, payload: string | undefined): void {
  for (const owned of ownership.all) {
    if (payload === undefined || owned.partition === Number(payload)) keeper.kick(owned);
  }
}

/** Looks at pauses of owned partitions again and again, whatever catalog this process has: ingest's may ask for some. */
export const followPauses = (
  db: Database,
  keeper: PauseKeeper,
  ownership: Ownership,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> => {
  const look = async () => {
    const owned = ownership.all;
    const withRows = new Set(
      await loadPausedPartitions(
        db,
        owned.map(({ partition }) => partition),
      ),
    );
    for (const each of owned) if (withRows.has(each.partition) || !each.pauses.isEmpty) keeper.kick(each);
  };
  return repeatUntilStopped(look, { intervalMs, signal, logger, event: "pauses.not-read" });
};
