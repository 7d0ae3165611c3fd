import type { AdmissionState, AdmittedCommand, OperationRow } from "@postback/database";
import type { GivenUp, IncomingMessage, PartitionBatch } from "@postback/kafka";
import type { Catalog } from "@postback/operations";
import type { Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { toQueued } from "../queues/to-queued.ts";
import type { AdmissionBatcher } from "./admission-batcher.ts";
import { admitAll } from "./admit-commands.ts";
import { readCommand } from "./read-command.ts";
import { toAdmitted } from "./to-admitted.ts";

export interface AdmissionOptions {
  batcher: AdmissionBatcher;
  catalog: Catalog;
  partitions: number;
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
  const commands = await readAll(options, owned, batch);
  const admitted = await admitAll(options.batcher, owned, commands, options.logger);
  if (admitted.kind === "fenced") return options.lose(owned);
  for (const { command, state } of admitted.states) {
    if (state.same) enqueue(owned, command, state);
    else await giveUpReused(options, batch, command);
  }
  for (const { command, error } of admitted.rejected) {
    const detail = (error as Error).message;
    await options.giveUp({ batch, message: messageOf(batch, command), reason: "rejected-by-database", detail });
  }
  options.onAdmitted(admitted.states.filter(({ state }) => state.fresh).length);
  for (const { offset } of batch.messages) options.done(batch, offset);
}

async function readAll(
  options: AdmissionOptions,
  owned: OwnedPartition,
  batch: PartitionBatch,
): Promise<AdmittedCommand[]> {
  const commands: AdmittedCommand[] = [];
  for (const message of batch.messages) {
    const read = readCommand(message, batch.partition, options.partitions);
    if (!read.ok) {
      await options.giveUp({ batch, message, reason: read.reason, detail: read.detail });
      continue;
    }
    const place = { partition: batch.partition, offset: message.offset, position: owned.positions.next() };
    commands.push(toAdmitted(read.header, read.input, place, options.catalog));
  }
  return commands;
}

/** An unfinished operation that isn't in memory is queued, whoever admitted it. */
function enqueue(owned: OwnedPartition, command: AdmittedCommand, state: AdmissionState): void {
  if (state.completed) return;
  if (state.fresh) owned.queues.add(toQueued(freshRow(command, state), false));
  else owned.queues.add({ ...toQueued(freshRow(command, state), true), row: undefined });
}

/** The row as admission wrote it. */
const freshRow = (command: AdmittedCommand, state: AdmissionState): OperationRow => {
  const createdAt = new Date(command.acceptedAtMs);
  return {
    tenantId: command.tenantId,
    id: command.id,
    type: command.type,
    revision: command.revision,
    entityType: command.entityType,
    entityId: command.entityId,
    partition: command.partition,
    position: state.position,
    status: state.status,
    version: state.version,
    input: command.input,
    step: command.step ?? null,
    steps: command.steps,
    cause: null,
    result: null,
    error: null,
    request: null,
    dispatchedStep: null,
    dispatchedVersion: null,
    duplicateOf: null,
    audience: command.audience ? [...command.audience] : null,
    traceparent: command.traceparent ?? null,
    nextAttemptAt: null,
    createdAt,
    updatedAt: createdAt,
    completedAt: null,
  };
};

function giveUpReused(options: AdmissionOptions, batch: PartitionBatch, command: AdmittedCommand): Promise<void> {
  const detail = `another command came before under the id ${command.id}`;
  return options.giveUp({ batch, message: messageOf(batch, command), reason: "id-reused", detail });
}

function messageOf(batch: PartitionBatch, { logOffset }: AdmittedCommand): IncomingMessage {
  const message = batch.messages.find(({ offset }) => offset === logOffset);
  if (!message) throw new Error(`offset ${logOffset} is not in the batch`);
  return message;
}
