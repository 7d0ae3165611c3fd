import { type CommandHeader, entityKey, packHeader } from "@postback/contracts";
import { type CommandRow, type KeyedOperation, type OperationRow, rowOfCommand } from "@postback/database";
import { initialState } from "@postback/domain";
import { type Producer, partitionFor } from "@postback/kafka";
import { shapeOf, syncStepsOf } from "@postback/operations";
import type { AcceptSync } from "./accept-sync/accept-sync.ts";
import { isAway } from "./is-away.ts";
import type { CommandProjection, Projected } from "./project-commands.ts";
import { idempotencyKeyReused } from "./refusal.ts";
import { sendMessage } from "./send-message.ts";
import type { IngestStore } from "./store.ts";
import { type Command, toCommand, type ValidWrite } from "./valid-write.ts";
import { withinMs } from "./within-ms.ts";

export interface AcceptOperationOptions {
  producer: Producer;
  projection: Pick<CommandProjection, "project">;
  store: Pick<IngestStore, "findOperationByKey" | "findOperationsByKeys">;
  topic: string;
  partitions: number;
  acceptSync: AcceptSync;
}

/** What came of a write that was not refused. */
export interface Accepted {
  /** `accepted`: its steps follow; `made`: its sync steps are done; `found`: so they were, by an earlier request. */
  kind: "accepted" | "made" | "found";
  operation: OperationRow;
}

export type AcceptOperation = (write: ValidWrite) => Promise<Accepted>;
/** Each by itself: what came of it, or why it was refused, in their order. */
export type AcceptOperations = (writes: readonly ValidWrite[]) => Promise<PromiseSettledResult<Accepted>[]>;

/**
 * Takes a write. One with sync steps is done as far as these go; any other goes to the log: produce, then project the row, then answer. Once Kafka has acknowledged, the write is never lost (I1);
 * with Postgres away, or slower than the projection waits, the answer is made of the command itself and the processor
 * makes the row. Then, and only then, a repeated request may get an id of its own, which turns out as `duplicateOf`.
 * @throws {Refusal} invalid-id, idempotency-key-reused, entity-busy, step-refused, overloaded, unavailable
 */
export function acceptOperation(options: AcceptOperationOptions): AcceptOperation {
  const { store, acceptSync } = options;
  return async (write) => {
    const command = toCommand(write);
    if (syncStepsOf(command.definition).length > 0) return await acceptSync(command);
    const earlier = await operationOfKey(store, command);
    return { kind: "accepted", operation: earlier ?? (await toLog(options, command)) };
  };
}

/**
 * Takes many writes. They go to the log in their order, one request for each partition leader, so that those of an entity
 * run in it; those with sync steps are transactions of their own beside. A write that is refused keeps no other from being taken.
 */
export function acceptOperations(options: AcceptOperationOptions): AcceptOperations {
  const { store, acceptSync } = options;
  return async (writes) => {
    const commands = writes.map((write) => settled(() => toCommand(write)));
    const earlier = await operationsOfKeys(store, commands);
    // Nothing is awaited in between: messages of a partition keep the order in which they are sent.
    const taken = commands.map(async (command): Promise<Accepted> => {
      if (!("value" in command)) throw command.reason;
      if (syncStepsOf(command.value.definition).length > 0) return acceptSync(command.value);
      const found = answerOfKey(earlier.get(command.value.idempotencyKey), command.value);
      return { kind: "accepted", operation: found ?? (await toLog(options, command.value)) };
    });
    return Promise.allSettled(taken);
  };
}

async function toLog(
  { producer, projection, topic, partitions }: AcceptOperationOptions,
  command: Command,
): Promise<OperationRow> {
  const key = entityKey(command.tenantId, command.entity);
  const partition = partitionFor(key, partitions);
  const message = { topic, partition, key, value: command.inputJson, header: packHeader(headerOf(command)) };
  const logOffset = await sendMessage(producer, message);
  const row = rowOf(command, partition, logOffset);
  return answerOf(await projection.project(row), row);
}

type Settled<T> = { value: T } | { reason: unknown };

function settled<T>(work: () => T): Settled<T> {
  try {
    return { value: work() };
  } catch (reason) {
    return { reason };
  }
}

/** How long to look for an earlier operation of an idempotency key, milliseconds: it is worth no more. */
const earlierWaitMaxMs = 250;

/**
 * A repeated request is answered without a further command. It is an economy: what happens at the same instant, or with
 * Postgres away, is decided by the log (design §4, Idempotency).
 */
async function operationOfKey(
  store: AcceptOperationOptions["store"],
  command: Command,
): Promise<OperationRow | undefined> {
  const { tenantId, idempotencyKey } = command;
  if (idempotencyKey === undefined) return undefined;
  try {
    return answerOfKey(await withinMs(earlierWaitMaxMs, store.findOperationByKey(tenantId, idempotencyKey)), command);
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
}

/** {@link operationOfKey} for a batch, whose writes are all of one tenant: with one statement. */
async function operationsOfKeys(
  store: AcceptOperationOptions["store"],
  commands: readonly Settled<Command>[],
): Promise<Map<string | undefined, KeyedOperation>> {
  const asked = commands.flatMap((command) => ("value" in command ? [command.value] : []));
  const keys = asked.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
  const tenantId = asked[0]?.tenantId;
  if (tenantId === undefined || keys.length === 0) return new Map();
  try {
    const found = await withinMs(earlierWaitMaxMs, store.findOperationsByKeys(tenantId, keys));
    return new Map(found.map((operation) => [operation.key, operation]));
  } catch (error) {
    if (isAway(error)) return new Map();
    throw error;
  }
}

/** @throws {Refusal} idempotency-key-reused */
function answerOfKey<T extends { hash: string }>(found: T | undefined, { hash }: Command): T | undefined {
  if (found !== undefined && found.hash !== hash) throw idempotencyKeyReused();
  return found;
}

function headerOf({ definition, ...command }: Command): CommandHeader {
  const { id, entity, hash, idempotencyKey, audience, acceptedAtMs, traceparent } = command;
  return {
    v: 1,
    id,
    type: definition.type,
    revision: definition.revision,
    tenant: command.tenantId,
    entity,
    hash,
    ...(idempotencyKey === undefined ? {} : { key: idempotencyKey }),
    ...(audience === undefined ? {} : { audience }),
    acceptedAt: acceptedAtMs,
    traceparent,
  };
}

function rowOf(command: Command, partition: number, logOffset: number): CommandRow {
  const { definition, tenantId, id, entity, hash, audience, traceparent, acceptedAtMs } = command;
  const { step, steps } = initialState(shapeOf(definition), new Date(acceptedAtMs));
  return {
    tenantId,
    id,
    type: definition.type,
    revision: definition.revision,
    entityType: entity.type,
    entityId: entity.id,
    partition,
    logOffset,
    hash,
    key: command.idempotencyKey,
    input: command.inputJson,
    audience,
    traceparent,
    acceptedAtMs,
    step,
    steps,
  };
}

function answerOf(projected: Projected, row: CommandRow): OperationRow {
  if (projected.kind === "reused") throw idempotencyKeyReused();
  return projected.kind === "stored" ? projected.operation : rowOfCommand(row);
}
