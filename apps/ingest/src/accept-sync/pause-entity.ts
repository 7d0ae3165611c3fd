import { setTimeout as sleep } from "node:timers/promises";
import { entityKey } from "@postback/contracts";
import { askPause, type Database, endPause, isPauseGranted, type PauseKey } from "@postback/database";
import { newId } from "@postback/domain";
import { partitionFor } from "@postback/kafka";
import type { Logger } from "@postback/runtime";
import type { Command } from "../valid-write.ts";
import { entityAtWork } from "./refuse-write.ts";

export interface PauseOptions {
  db: Database;
  partitions: number;
  logger: Logger;
}

/** How long a write waits for a step of its entity to end, milliseconds; then it is refused. */
const grantWaitMaxMs = 2_000;
/** Until when a transaction must have begun to use a pause, milliseconds; one that nobody uses holds its entity so long. */
const pauseLifeMs = 5_000;
/** How often the row is looked at, milliseconds: at first within what an owner needs to grant, later in proportion to the wait. */
const lookEveryMinMs = 4;
const lookEveryMaxMs = 50;
const lookPerWait = 1 / 4;

/**
 * Has an entity's steps rest, and does the work: its owner lets the one that runs end, and begins none until the transaction
 * that uses the pause has ended (`usePause`).
 * @throws {Refusal} entity-busy, when they don't rest within {@link grantWaitMaxMs}
 */
export async function pauseEntity<T extends { kind: string }>(
  options: PauseOptions,
  { tenantId, entity }: Pick<Command, "tenantId" | "entity">,
  work: (pause: PauseKey) => Promise<T>,
): Promise<T> {
  const { db, partitions } = options;
  const pause = { tenantId, id: newId() };
  const partition = partitionFor(entityKey(tenantId, entity), partitions);
  await askPause(db.pool, { ...pause, partition, entityType: entity.type, entityId: entity.id, lifeMs: pauseLifeMs });
  let isUsed = false;
  try {
    await untilGranted(db, pause);
    const done = await work(pause);
    isUsed = done.kind === "made";
    return done;
  } finally {
    // The commit of what was made has ended it.
    if (!isUsed) await end(options, pause);
  }
}

async function untilGranted(db: Database, pause: PauseKey): Promise<void> {
  const askedAtMs = performance.now();
  for (let waitedMs = 0; waitedMs < grantWaitMaxMs; waitedMs = performance.now() - askedAtMs) {
    await sleep(Math.min(lookEveryMaxMs, Math.max(lookEveryMinMs, waitedMs * lookPerWait)));
    const isGranted = await isPauseGranted(db.pool, pause);
    if (isGranted === true) return;
    if (isGranted === undefined) break;
  }
  throw entityAtWork();
}

/** What can't be ended now ends by its time. */
async function end({ db, logger }: PauseOptions, pause: PauseKey): Promise<void> {
  try {
    await endPause(db.pool, pause);
  } catch (error) {
    logger.warn({ err: error, pause: pause.id }, "pause.not-ended");
  }
}
