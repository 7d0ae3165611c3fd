import { type AdmissionState, type AdmittedCommand, type CommandRow, rowOfCommand } from "@postback/database";
import type { GivenUp, IncomingMessage, PartitionBatch } from "@postback/kafka";
import type { Catalog } from "@postback/operations";
import type { Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { toQueued } from "../queues/to-queued.ts";
import type { AdmissionBatcher } from "./admission-batcher.ts";
import { admitAll } from "./admit-commands.ts";
import { type LetPassOptions, letSyncStepsPass } from "./let-sync-steps-pass.ts";
import { readCommand } from "./read-command.ts";
import { toCommandRow } from "./to-command-row.ts";

export interface AdmissionOptions extends LetPassOptions {
  batcher: AdmissionBatcher;
  catalog: Catalog;
  partitions: number;
  /** How long idempotency keys live, milliseconds. */
  keysLifeMs: number;
  find(partition: number): OwnedPartition | undefined;
  lose(owned: OwnedPartition): void;
  /** Resolves when the message is in `dead-letters` and listed. */
  giveUp(givenUp: GivenUp): Promise<void>;
  done(batch: PartitionBatch, offset: number): void;
  onAdmitted(count: number): void;
  logger: Logger;
}

/** Takes a batch of `commands` to positions, once each; then its offsets may go on, whatever the steps will take. */
export async function consumeCommands(options: AdmissionOptions, batch: PartitionBatch): Promise<void> {
  const owned = options.find(batch.partition);
  if (!owned) {
    options.logger.warn({ partition: batch.partition }, "commands.not-owned");
    return;
  }
  await owned.admitting.use(() => consumeInTurn(options, owned, batch));
}

async function consumeInTurn(options: AdmissionOptions, owned: OwnedPartition, batch: PartitionBatch): Promise<void> {
  const commands = await readAll(options, batch);
  const letPass = (held: readonly CommandRow[], isFirst: boolean) => {
    // Else one write after another could go ahead of them, and of all that is behind them in the log.
    owned.pauses.withhold();
    return letSyncStepsPass(options, owned, held, isFirst);
  };
  const admitted = await admitAll({ ...options, letPass }, owned, commands).finally(() => owned.pauses.allow());
  if (admitted.kind === "fenced") return options.lose(owned);
  for (const { command, state } of admitted.states) {
    if (state.same) enqueue(owned, command, state);
    else await giveUpReused(options, batch, command);
  }
  for (const { command, error } of admitted.rejected) {
    const detail = (error as Error).message;
    // The rows of its time are gone, so that its end can't be shown there.
    const reason = command.tooOld ? "too-old" : "rejected-by-database";
    await options.giveUp({ batch, message: messageOf(batch, command), reason, detail });
  }
  options.onAdmitted(admitted.states.filter(({ state }) => state.fresh).length);
  for (const { offset } of batch.messages) options.done(batch, offset);
}

async function readAll(options: AdmissionOptions, batch: PartitionBatch): Promise<CommandRow[]> {
  const commands: CommandRow[] = [];
  for (const message of batch.messages) {
    const read = readCommand(message, batch.partition, options.partitions);
    if (!read.ok) {
      await options.giveUp({ batch, message, reason: read.reason, detail: read.detail });
      continue;
    }
    const place = { partition: batch.partition, offset: message.offset };
    commands.push(toCommandRow(read.header, read.input, place, options.catalog));
  }
  return commands;
}

/** An unfinished operation that isn't in memory is queued, whoever admitted it; one without a position comes by the outbox. */
function enqueue(owned: OwnedPartition, command: AdmittedCommand, state: AdmissionState): void {
  if (state.completed || state.position === null) return;
  const { position, status, version } = state;
  const row = rowOfCommand(command, { position, status, version });
  if (state.fresh) owned.queues.add(toQueued(row, false));
  else owned.queues.add({ ...toQueued(row, true), row: undefined });
}

function giveUpReused(options: AdmissionOptions, batch: PartitionBatch, command: AdmittedCommand): Promise<void> {
  const detail = `another command came before under the id ${command.id}`;
  return options.giveUp({ batch, message: messageOf(batch, command), reason: "id-reused", detail });
}

function messageOf(batch: PartitionBatch, { logOffset }: AdmittedCommand): IncomingMessage {
  const message = batch.messages.find(({ offset }) => offset === logOffset);
  if (!message) throw new Error(`offset ${logOffset} is not in the batch`);
  return message;
}
