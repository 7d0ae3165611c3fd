import {
  type Admission,
  type AdmissionState,
  type AdmittedCommand,
  type CommandRow,
  isDataFailure,
} from "@postback/database";
import { isTooOld } from "@postback/domain";
import { keepTrying, type Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import type { AdmissionBatcher } from "./admission-batcher.ts";

export type Admitted =
  | { kind: "fenced" }
  | {
      kind: "admitted";
      states: readonly { command: AdmittedCommand; state: AdmissionState }[];
      /** Refused by the database because of their data. */
      rejected: readonly { command: AdmittedCommand; error: unknown }[];
    };

export interface AdmitOptions {
  batcher: AdmissionBatcher;
  /** Commands wait for sync steps of their entity: resolves when another try makes sense. */
  letPass(held: readonly CommandRow[], isFirst: boolean): Promise<void>;
  /** How long idempotency keys live, milliseconds: an older command isn't begun. */
  keysLifeMs: number;
  logger: Logger;
}

/** Commands in one statement, at most: it may share the lock of an entity for each. */
const batchMax = 500;

/**
 * Admits commands of one partition, in order: one statement for all, but for an id that comes twice, whose second
 * command goes into a further statement and meets the first one's row. A statement that fails by its data is halved until
 * the bad row is alone, so that the others go on.
 */
export async function admitAll(
  options: AdmitOptions,
  owned: OwnedPartition,
  commands: readonly CommandRow[],
): Promise<Admitted> {
  const states: { command: AdmittedCommand; state: AdmissionState }[] = [];
  const rejected: { command: AdmittedCommand; error: unknown }[] = [];
  const waiting = batchesOfDistinctIds(commands);
  let isFirst = true;
  for (let rows = waiting.shift(); rows; rows = waiting.shift()) {
    const batch = positioned(owned, rows, options.keysLifeMs);
    const result = await admitOrRefuse(options, owned, batch);
    if (result.kind === "fenced") return result;
    if (result.kind === "admitted") {
      const { met, missing } = paired(batch, result.states);
      states.push(...met);
      // Its row came into being while the statement ran, and is there to be met now; or it is held.
      if (missing.length > 0) waiting.unshift(missing);
      if (result.held) {
        await options.letPass(missing, isFirst);
        isFirst = false;
      }
    } else if (batch.length === 1 && batch[0]) {
      rejected.push({ command: batch[0], error: result.error });
    } else {
      const half = Math.ceil(batch.length / 2);
      waiting.unshift(batch.slice(0, half), batch.slice(half));
    }
  }
  return { kind: "admitted", states, rejected };
}

/** Drawn for each try: whatever was admitted since the last one has lower positions. */
const positioned = (
  { positions }: OwnedPartition,
  rows: readonly CommandRow[],
  keysLifeMs: number,
): AdmittedCommand[] =>
  rows.map((row) => ({
    ...row,
    position: positions.next().toString(),
    ...(isTooOld(row.id, Date.now(), keysLifeMs) ? { tooOld: true } : {}),
  }));

type Answer = Admission | { kind: "refused"; error: unknown };

async function admitOrRefuse(
  { batcher, logger }: AdmitOptions,
  owned: OwnedPartition,
  batch: readonly AdmittedCommand[],
): Promise<Answer> {
  const fields = { partition: owned.partition, rows: batch.length };
  try {
    const admitted = await keepTrying(
      () => batcher.admit({ partition: owned.partition, epoch: owned.epoch, commands: batch }),
      {
        logger,
        event: "commands.not-admitted",
        fields,
        signal: owned.lost.signal,
        shouldRetry: (error) => !isDataFailure(error),
      },
    );
    return admitted ?? { kind: "fenced" };
  } catch (error) {
    return { kind: "refused", error };
  }
}

/** Splits before each command whose id is in the batch already, or that is one too many; the order stays. */
function batchesOfDistinctIds<T extends { tenantId: string; id: string }>(commands: readonly T[]): T[][] {
  const batches: T[][] = [];
  let ids = new Set<string>();
  for (const command of commands) {
    const key = `${command.tenantId}/${command.id}`;
    const batch = batches.at(-1);
    if (batch && batch.length < batchMax && !ids.has(key)) {
      batch.push(command);
      ids.add(key);
    } else {
      batches.push([command]);
      ids = new Set([key]);
    }
  }
  return batches;
}

function paired(batch: readonly AdmittedCommand[], states: readonly AdmissionState[]) {
  const byKey = new Map(states.map((state) => [`${state.tenantId}/${state.id}`, state]));
  const met: { command: AdmittedCommand; state: AdmissionState }[] = [];
  const missing: AdmittedCommand[] = [];
  for (const command of batch) {
    const state = byKey.get(`${command.tenantId}/${command.id}`);
    if (state) met.push({ command, state });
    else missing.push(command);
  }
  return { met, missing };
}
