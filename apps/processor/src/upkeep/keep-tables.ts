import {
  type Database,
  deleteEndedSecrets,
  deleteOldDeadLetters,
  deleteOldKeys,
  dropRange,
  ensureRanges,
  oldRanges,
  oneAtATime,
  rangeHolds,
} from "@postback/database";
import { type Logger, sleepUnlessAborted } from "@postback/runtime";
import type { UpkeepMetrics } from "./upkeep-metrics.ts";

export interface UpkeepOptions {
  db: Database;
  /** Finished rows are dropped by the week when all of it is older, days. */
  retentionDays: number;
  /** How long idempotency keys live, days. */
  keysDays: number;
  metrics: UpkeepMetrics;
  logger: Logger;
}

/** Ranges exist this far ahead (design §8), so that a week without a processor hurts nobody. */
export const rangesNeededDays = 14;
/** As long as their topic is kept. */
const deadLettersDays = 30;

const intervalMs = 60 * 60_000;
/** Rows deleted in one statement, so that none is long; and statements in one hour, so that it has an end. */
const deletedMax = 10_000;
const deletionsMax = 1_000;

/**
 * Makes ranges ahead of time and takes away what is old, once an hour, one processor at a time. The first time at once:
 * processes may live for less than an hour.
 */
export async function keepTables(options: UpkeepOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await keepTablesOnce(options, signal);
    await sleepUnlessAborted(intervalMs, signal);
  }
}

/** One round. What fails is told and left to the next hour; the rest is done all the same. */
async function keepTablesOnce(options: UpkeepOptions, signal: AbortSignal): Promise<void> {
  const { db, logger, keysDays } = options;
  const parts = {
    "ranges.made": () => ensureRanges(db, rangesNeededDays),
    "ranges.dropped": () => dropOldRanges(options, signal),
    "keys.deleted": () => deleteInBatches((max) => deleteOldKeys(db, keysDays, max), signal),
    "secrets.deleted": () => deleteInBatches((max) => deleteEndedSecrets(db, max), signal),
    "dead-letters.deleted": () => deleteInBatches((max) => deleteOldDeadLetters(db, deadLettersDays, max), signal),
  };
  const work = async () => {
    for (const [event, part] of Object.entries(parts)) {
      if (!signal.aborted) await tell(event, part, logger);
    }
  };
  await oneAtATime(db, "upkeep", work).catch((error: unknown) => logger.error({ err: error }, "upkeep.failed"));
}

async function tell(event: string, part: () => Promise<number>, logger: Logger): Promise<void> {
  try {
    const count = await part();
    if (count > 0) logger.info({ count }, event);
  } catch (error) {
    logger.error({ err: error, name: event }, "upkeep.failed");
  }
}

/** @returns how many weeks went */
async function dropOldRanges({ db, retentionDays, metrics, logger }: UpkeepOptions, signal: AbortSignal) {
  let held = 0;
  let dropped = 0;
  for (const week of await oldRanges(db, retentionDays)) {
    if (signal.aborted) break;
    const reasons = await rangeHolds(db, week);
    if (reasons.length > 0) {
      held += 1;
      logger.warn({ name: week, reason: reasons.join(",") }, "range.held");
    } else if (await isDropped(db, week, logger)) {
      dropped += 1;
    }
  }
  metrics.ranges({ dropped, held });
  return dropped;
}

/** A lock that can't be had holds up this week alone. */
async function isDropped(db: Database, week: string, logger: Logger): Promise<boolean> {
  try {
    await dropRange(db, week);
    return true;
  } catch (error) {
    logger.warn({ err: error, name: week }, "range.not-dropped");
    return false;
  }
}

async function deleteInBatches(remove: (max: number) => Promise<number>, signal: AbortSignal): Promise<number> {
  let total = 0;
  for (let round = 0; round < deletionsMax && !signal.aborted; round += 1) {
    const count = await remove(deletedMax);
    total += count;
    if (count < deletedMax) break;
  }
  return total;
}
