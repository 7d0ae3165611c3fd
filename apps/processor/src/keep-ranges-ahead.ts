import { setTimeout as sleep } from "node:timers/promises";
import { type Database, ensureRanges } from "@postback/database";
import type { Logger } from "@postback/runtime";

/** Ranges exist this far ahead (design §8), so that a week without a processor hurts nobody. */
export const rangesNeededDays = 14;
const intervalMs = 60 * 60_000;

/** Makes the ranges of the growing tables ahead of time, once an hour. */
export async function keepRangesAhead(db: Database, signal: AbortSignal, logger: Logger): Promise<void> {
  while (!signal.aborted) {
    await sleep(intervalMs, undefined, { signal }).catch(() => {
      // Stopping.
    });
    if (signal.aborted) return;
    try {
      const count = await ensureRanges(db, rangesNeededDays);
      if (count > 0) logger.info({ count }, "ranges.made");
    } catch (error) {
      logger.error({ err: error }, "ranges.not-made");
    }
  }
}
