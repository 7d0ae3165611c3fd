import { type CommandHeader, entityKey, packHeader } from "@postback/contracts";
import { type CommandRow, type OperationRow, rowOfCommand } from "@postback/database";
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
  store: Pick<IngestStore, "findOperationByKey">;
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

/**
 * Takes a write. One with sync steps is done as far as these go; any other goes to the log: produce, then project the row, then answer. Once Kafka has acknowledged, the write is never lost (I1);
 * with Postgres away, or slower than the projection waits, the answer is made of the command itself and the processor
 * makes the row. Then, and only then, a repeated request may get an id of its own, which turns out as `duplicateOf`.
 * @throws {Refusal} invalid-id, idempotency-key-reused, entity-busy, step-refused, overloaded, unavailable
 */
export function acceptOperation(options: AcceptOperationOptions): AcceptOperation {
  const { producer, projection, store, topic, partitions, acceptSync } = options;
  const toLog = async (command: Command): Promise<OperationRow> => {
    const earlier = await operationOfKey(store, command);
    if (earlier !== undefined) return earlier;
    const key = entityKey(command.tenantId, command.entity);
    const partition = partitionFor(key, partitions);
    const message = { topic, partition, key, value: command.inputJson, header: packHeader(headerOf(command)) };
    const logOffset = await sendMessage(producer, message);
    const row = rowOf(command, partition, logOffset);
    return answerOf(await projection.project(row), row);
  };
  return async (write) => {
    const command = toCommand(write);
    if (syncStepsOf(command.definition).length > 0) return await acceptSync(command);
    return { kind: "accepted", operation: await toLog(command) };
  };
}

/** How long to look for an earlier operation of an idempotency key, milliseconds: it is worth no more. */
const earlierWaitMaxMs = 250;

/**
 * A repeated request is answered without a further command. It is an economy: what happens at the same instant, or with
 * Postgres away, is decided by the log (design §4, Idempotency).
 */
async function operationOfKey(
  store: AcceptOperationOptions["store"],
  { tenantId, idempotencyKey, hash }: Command,
): Promise<OperationRow | undefined> {
  if (idempotencyKey === undefined) return undefined;
  try {
    const found = await withinMs(earlierWaitMaxMs, store.findOperationByKey(tenantId, idempotencyKey));
    if (found !== undefined && found.hash !== hash) throw idempotencyKeyReused();
    return found;
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
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
