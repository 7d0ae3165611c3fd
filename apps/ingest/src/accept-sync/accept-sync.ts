import { entityKey } from "@postback/contracts";
import {
  AmbiguousOutcome,
  type Database,
  type Ending,
  isDataFailure,
  makeSynced,
  type PauseKey,
  sqlStateOf,
  type TransactionClient,
  transact,
  usePause,
  wasTaken,
} from "@postback/database";
import { isFinal } from "@postback/domain";
import { partitionFor } from "@postback/kafka";
import { syncStepsOf } from "@postback/operations";
import type { Counter, Logger } from "@postback/runtime";
import type { Accepted } from "../accept-operation.ts";
import { idempotencyKeyReused, Refusal, unavailable } from "../refusal.ts";
import type { Command } from "../valid-write.ts";
import type { EntityTurns, InSlot } from "./entity-turns.ts";
import { findUnderLock } from "./find-under-lock.ts";
import { pauseEntity } from "./pause-entity.ts";
import { entityAtWork, entityBusy, isConflict, refusalOfStep, refusedAtCommit } from "./refuse-write.ts";
import { runSyncSteps, type SyncRun } from "./run-sync-steps.ts";
import { whetherMade } from "./whether-made.ts";

export interface AcceptSyncOptions {
  db: Database;
  partitions: number;
  turns: EntityTurns;
  logger: Logger;
  /** Counts writes with sync steps, by outcome. */
  outcomes: Counter<"outcome">;
}

export type AcceptSync = (command: Command) => Promise<Accepted>;

/** For all sync steps together, milliseconds: a caller waits, and what the log has for the entity does too. */
const stepsMaxMs = 5_000;
/** Whole transactions, where one met another's lock or key. */
const triesMax = 3;

/**
 * Does a write's sync steps, its operation and what is left for the partition's owner in one transaction (design §3.2), so
 * that a refusal leaves nothing, and what is answered 201 is there. The transaction holds its entity's lock from before the
 * look at what is unfinished until its commit; admission shares that lock, so no step of the entity runs beside (I3).
 *
 * A command may be in the log with no row yet, when its projection is late. This write then goes ahead, and that is right
 * too: no step of such a command has begun, none can before it is admitted, and its admission waits for this transaction
 * and puts this operation first. The two run one after the other, in the order of their positions.
 *
 * A type that goes ahead of unfinished operations (`whenBusy: "run"`) has the owner of their partition let the entity's
 * steps rest before it tries again ({@link pauseEntity}).
 * @throws {Refusal} entity-busy, step-refused, idempotency-key-reused, overloaded, unavailable
 */
export function acceptSync(options: AcceptSyncOptions): AcceptSync {
  const { turns, outcomes } = options;
  return async (command) => {
    const key = entityKey(command.tenantId, command.entity);
    try {
      const accepted = await turns.take(key, (inSlot) => accept({ ...options, inSlot }, command));
      outcomes.inc({ outcome: accepted.kind });
      return accepted;
    } catch (error) {
      outcomes.inc({ outcome: error instanceof Refusal ? error.code : "failed" });
      throw error;
    }
  };
}

interface Accepting extends AcceptSyncOptions {
  inSlot: InSlot;
}

async function accept(options: Accepting, command: Command): Promise<Accepted> {
  for (let tries = 1; ; tries += 1) {
    const came = await acceptInTurn(options, command);
    if (came.kind !== "conflict") return came;
    if (tries === triesMax) throw came.refusal;
  }
}

/** Another transaction was in the way: the same may work at once. */
interface Conflict {
  kind: "conflict";
  refusal: Refusal;
}

/** Its steps have to rest before this write can go ahead. */
interface Busy {
  kind: "busy";
}

type Came = Accepted | Conflict | Busy | { kind: "failed"; refusal: Refusal };

async function acceptInTurn(options: Accepting, command: Command): Promise<Accepted | Conflict> {
  const tryOnce = (pause?: PauseKey) => options.inSlot(() => acceptOnce(options, command, pause));
  const came = await tryOnce();
  if (came.kind !== "busy") return came;
  const ahead = await pauseEntity(options, command, tryOnce);
  if (ahead.kind === "busy") throw new Error("a write that has a pause is never busy");
  return ahead;
}

async function acceptOnce(
  options: AcceptSyncOptions,
  command: Command,
  pause?: PauseKey,
): Promise<Accepted | Conflict | Busy> {
  try {
    const came = await transact(options.db, (client) => work(options, command, client, pause));
    if (came.kind === "failed") throw came.refusal;
    return came;
  } catch (error) {
    if (wasTaken(error)) return { kind: "conflict", refusal: unavailable("Another write was at the same key.", error) };
    if (error instanceof AmbiguousOutcome) return await whetherMade(options, command, error);
    if (isDataFailure(error)) throw refusedAtCommit(sqlStateOf(error) ?? "", lastSyncStep(command));
    throw error;
  }
}

const lastSyncStep = ({ definition }: Command): string => syncStepsOf(definition).at(-1)?.name ?? "";

async function work(
  options: AcceptSyncOptions,
  command: Command,
  client: TransactionClient,
  pause?: PauseKey,
): Promise<Ending<Came>> {
  const { earlier, busyWith } = await findUnderLock(client, command);
  if (earlier !== undefined) {
    const { hash, ...operation } = earlier;
    if (hash !== command.hash) throw idempotencyKeyReused();
    return { value: { kind: "found", operation }, end: "rollback" };
  }
  if (pause === undefined && busyWith !== undefined) {
    if (command.definition.whenBusy !== "run") throw entityBusy(busyWith);
    return { value: { kind: "busy" }, end: "rollback" };
  }
  // The entity's lock may have been long in coming.
  if (pause !== undefined && !(await usePause(client, pause))) throw entityAtWork();
  const run = await withinMs(stepsMaxMs, (signal) => runSyncSteps(client, command, { signal, log: options.logger }));
  if (run.kind === "failed") return failed(run);
  return { end: "commit-with", lastly: () => make(options, command, client, run) };
}

function failed(run: Extract<SyncRun, { kind: "failed" }>): Ending<Came> {
  const kind = isConflict(run) ? "conflict" : "failed";
  return { value: { kind, refusal: refusalOfStep(run) }, end: run.abandoned ? "discard" : "rollback" };
}

async function make(
  { partitions }: AcceptSyncOptions,
  command: Command,
  client: TransactionClient,
  { state, emitted }: Extract<SyncRun, { kind: "done" }>,
): Promise<Accepted> {
  const { definition, tenantId, id, entity, hash, idempotencyKey, audience, traceparent, acceptedAtMs } = command;
  const operation = await makeSynced(client, {
    tenantId,
    id,
    type: definition.type,
    revision: definition.revision,
    entityType: entity.type,
    entityId: entity.id,
    partition: partitionFor(entityKey(tenantId, entity), partitions),
    hash,
    key: idempotencyKey,
    input: command.inputJson,
    audience,
    traceparent,
    acceptedAtMs,
    status: state.status,
    step: state.step,
    steps: state.steps,
    result: state.result,
    completed: isFinal(state.status),
    events: emitted,
  });
  return { kind: "made", operation };
}

/** @param work is told by its signal when its time is over */
async function withinMs<T>(maxMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const overtime = new AbortController();
  const timer = setTimeout(() => overtime.abort(), maxMs);
  try {
    return await work(overtime.signal);
  } finally {
    clearTimeout(timer);
  }
}
