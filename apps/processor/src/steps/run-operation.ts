import {
  type CheckpointResult,
  type Database,
  loadOperation,
  type OperationRow,
  type TransactionClient,
} from "@postback/database";
import {
  afterCompensation,
  afterRun,
  afterTakeOver,
  type Json,
  type NextAction,
  nextAction,
  type OperationRequest,
  type OperationState,
} from "@postback/domain";
import {
  type Catalog,
  type Emitted,
  eventsOfTransition,
  type OperationDefinition,
  type OperationRef,
  type PerformedStep,
  performStep,
} from "@postback/operations";
import type { Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import type { HeadResult, Queued } from "../queues/partition-queues.ts";
import type { CheckpointRequest } from "./checkpoint-request.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { Gate } from "./gate.ts";
import { saysDefinitionMissing, waitingForDefinition } from "./missing-definition.ts";
import { rowAfter, stateOf } from "./operation-state.ts";
import type { Slots } from "./slots.ts";
import { runTransactionStep } from "./transaction-step.ts";

export interface RunOptions {
  db: Database;
  catalog: Catalog;
  checkpointer: Checkpointer;
  transactionSlots: Slots;
  /** Shut while partitions are handed over: no step begins. */
  gate: Gate;
  lose(owned: OwnedPartition): void;
  onStep(step: StepReport): void;
  onDefinitionMissing(row: OperationRow): void;
  /** Aborted when the process stops: nothing new is begun, what runs is interrupted. */
  stopping: AbortSignal;
  logger: Logger;
}

/** One wide line's worth of a step. */
export interface StepReport {
  row: OperationRow;
  step: string;
  direction: "run" | "compensate";
  attempt: number;
  outcome: PerformedStep["outcome"];
  durationMs: number;
}

/** An operation whose turn has come, and what is known of it. */
interface Turn {
  readonly owned: OwnedPartition;
  readonly definition: OperationDefinition;
  readonly row: OperationRow;
  readonly state: OperationState;
  /** Aborted when its partition is lost or the process stops. */
  readonly signal: AbortSignal;
}

type Performing = Extract<NextAction, { kind: "run" | "compensate" }>;

/**
 * Carries an operation on until it ends, has to wait, or nothing here leads on: load → decide → perform → save if fence
 * and version still match.
 * @throws when Postgres can't be asked; the operation is as the row says, and is to be tried again
 */
export async function runOperation(options: RunOptions, owned: OwnedPartition, head: Queued): Promise<HeadResult> {
  const signal = AbortSignal.any([owned.lost.signal, options.stopping]);
  let row = head.row ?? (await loadOperation(options.db, head.tenantId, head.id));
  let isInherited = head.inherited || head.row === undefined;
  while (row && !signal.aborted) {
    if (row.completedAt !== null) return { kind: "ended" };
    const definition = options.catalog.operation(row.type, row.revision);
    if (!definition) return await holdWithoutDefinition(options, owned, row);
    const stored = stateOf(row, definition, options.catalog);
    const state: OperationState = isInherited ? afterTakeOver(stored, options.catalog.shapeOf(definition)) : stored;
    isInherited = false;
    const turn: Turn = { owned, definition, row, state, signal };
    const went = await options.gate.pass(() => goOn(options, turn));
    if (went.kind !== "saved") return went;
    row = went.row ?? (await loadOperation(options.db, head.tenantId, head.id));
    // Its next turn begins where this one leaves off; a row that isn't known any more is read again then.
    head.row = row;
  }
  return row ? { kind: "held" } : { kind: "ended" };
}

type Went = HeadResult | { kind: "saved"; row: OperationRow | undefined };

async function goOn(options: RunOptions, turn: Turn): Promise<Went> {
  if (turn.signal.aborted) return { kind: "held" };
  const shape = options.catalog.shapeOf(turn.definition);
  const request = (turn.row.request ?? undefined) as OperationRequest | undefined;
  const action = nextAction(turn.state, shape, new Date(), request);
  switch (action.kind) {
    case "ended":
      return { kind: "ended" };
    case "stuck":
      return { kind: "held" };
    case "wait":
      return { kind: "wait", untilMs: action.until.getTime() };
    case "turn":
      return await save(options, turn, toRequest(options, turn, action.state, []));
    case "run":
    case "compensate":
      return await perform(options, turn, action);
  }
}

async function perform(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const kind = turn.definition.steps.find(({ name }) => name === action.step)?.kind;
  return kind === "transaction"
    ? await performInTransaction(options, turn, action)
    : await callOut(options, turn, action);
}

async function performInTransaction(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const { db, logger, transactionSlots } = options;
  const ran = await transactionSlots.use(() =>
    runTransactionStep({
      db,
      logger,
      perform: (client) => performOnce(options, turn, action, client),
      afterDone: (performed) => after(options, turn, action, performed),
    }),
  );
  if (ran.kind === "checkpointed") return taken(options, turn, ran.request, ran.result);
  return await saveFailure(options, turn, action, ran.performed);
}

async function callOut(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const performed = await performOnce(options, turn, action, undefined);
  return await saveFailure(options, turn, action, performed);
}

/** What was interrupted tells nothing of the step: its next owner runs it again. */
function saveFailure(options: RunOptions, turn: Turn, action: Performing, performed: PerformedStep): Promise<Went> {
  if (performed.interrupted) return Promise.resolve({ kind: "held" });
  return save(options, turn, after(options, turn, action, performed));
}

async function performOnce(
  options: RunOptions,
  { definition, row, state, signal }: Turn,
  action: Performing,
  client: TransactionClient | undefined,
): Promise<PerformedStep> {
  const startedAtMs = performance.now();
  const performed = await performStep({
    definition,
    stepName: action.step,
    direction: action.kind,
    operation: refOf(row),
    input: JSON.parse(row.input),
    outputs: outputsOf(state),
    attempt: action.attempt,
    signal,
    log: options.logger,
    ...(client ? { client } : {}),
  });
  const durationMs = performance.now() - startedAtMs;
  const { outcome } = performed;
  options.onStep({ row, step: action.step, direction: action.kind, attempt: action.attempt, outcome, durationMs });
  return performed;
}

/** The checkpoint that follows from what came of a step. */
function after(options: RunOptions, turn: Turn, action: Performing, performed: PerformedStep): CheckpointRequest {
  const shape = options.catalog.shapeOf(turn.definition);
  const decide = action.kind === "run" ? afterRun : afterCompensation;
  const state = decide(turn.state, shape, performed.outcome, new Date(), Math.random());
  return toRequest(options, turn, state, performed.emitted);
}

function toRequest(
  options: RunOptions,
  turn: Turn,
  state: OperationState,
  emitted: readonly Emitted[],
): CheckpointRequest {
  const { owned, row, definition } = turn;
  const transition = {
    operation: refOf(row),
    input: JSON.parse(row.input),
    before: turn.state,
    after: state,
    log: options.logger,
  };
  return { owned, row, state, emitted: [...emitted, ...eventsOfTransition(definition, transition)] };
}

async function save(options: RunOptions, turn: Turn, request: CheckpointRequest): Promise<Went> {
  return taken(options, turn, request, await options.checkpointer.save(request));
}

function taken(options: RunOptions, turn: Turn, request: CheckpointRequest, result: CheckpointResult): Went {
  if (result.kind === "fenced") {
    options.lose(turn.owned);
    return { kind: "held" };
  }
  if (result.kind === "outdated") return { kind: "saved", row: undefined };
  return { kind: "saved", row: rowAfter(turn.row, request.state, result.version, result.request) };
}

/** Its entity waits until a processor that has the definition owns the partition (design §4). */
async function holdWithoutDefinition(
  options: RunOptions,
  owned: OwnedPartition,
  row: OperationRow,
): Promise<HeadResult> {
  options.onDefinitionMissing(row);
  if (saysDefinitionMissing(row)) return { kind: "held" };
  const result = await options.checkpointer.save({ owned, row, state: waitingForDefinition(row), emitted: [] });
  if (result.kind === "fenced") options.lose(owned);
  return { kind: "held" };
}

function outputsOf(state: OperationState): Record<string, Json | undefined> {
  return Object.fromEntries(state.steps.map((step) => [step.name, step.output]));
}

const refOf = (row: OperationRow): OperationRef => ({
  id: row.id,
  type: row.type,
  revision: row.revision,
  tenantId: row.tenantId,
  entity: { type: row.entityType, id: row.entityId },
});
