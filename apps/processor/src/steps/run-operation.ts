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
  type NextAction,
  nextAction,
  type OperationRequest,
  type OperationState,
  type StepKind,
} from "@postback/domain";
import {
  type Catalog,
  classifyFailure,
  type Emitted,
  eventsOfTransition,
  type OperationDefinition,
  type PerformedStep,
  type StepDefinition,
} from "@postback/operations";
import { type HandOverOptions, handOverAgainMs, handOverStep } from "../hand-over/hand-over-step.ts";
import { saveUnlessWorked } from "../hand-over/save-unless-worked.ts";
import { type TakenResult, takeResult } from "../hand-over/take-result.ts";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { entityKeyOf, unlessPaused } from "../pauses/unless-paused.ts";
import type { HeadResult, Queued } from "../queues/queued.ts";
import type { CheckpointRequest } from "./checkpoint-request.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { Gate } from "./gate.ts";
import { saysDefinitionMissing, waitingForDefinition } from "./missing-definition.ts";
import { rowAfter, stateOf } from "./operation-state.ts";
import { type PerformOptions, performOnce, refOf } from "./perform-once.ts";
import { type Attempted, RefusedAtCommit, saveInTransaction } from "./save-in-transaction.ts";
import type { Slots } from "./slots.ts";
import type { StepGroups } from "./step-groups.ts";
import { stepToHandOver } from "./step-to-hand-over.ts";

export interface RunOptions extends PerformOptions {
  db: Database;
  catalog: Catalog;
  checkpointer: Checkpointer;
  transactionSlots: Slots;
  groups: StepGroups;
  /** Shut while partitions are handed over: no step begins. */
  gate: Gate;
  lose(owned: OwnedPartition): void;
  handOver: HandOverOptions;
  /** The queues that this process carries, with their slots. */
  ownQueues: ReadonlyMap<string, Slots>;
  onDefinitionMissing(row: OperationRow): void;
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
  const { letGo: signal } = owned;
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
  if (turn.row.dispatchedStep !== null) {
    const result = await takeResult(options.db, turn.row);
    if (result) return await unlessPaused(turn, () => save(options, turn, afterResult(options, turn, result)));
  }
  const shape = options.catalog.shapeOf(turn.definition);
  const request = (turn.row.request ?? undefined) as OperationRequest | undefined;
  const action = nextAction(turn.state, shape, new Date(), request);
  switch (action.kind) {
    case "ended":
      return { kind: "ended" };
    case "stuck":
      return { kind: turn.definition.whenStuck === "go-on" ? "parked" : "held" };
    case "wait":
      return { kind: "wait", untilMs: action.until.getTime() };
    case "turn":
      return await unlessPaused(turn, () => turnTo(options, turn, action.state));
    case "run":
    case "compensate":
      return await perform(options, turn, action);
  }
}

/** A state that follows without any step. While a worker may be at the step that was handed over, it is asked first. */
async function turnTo(options: RunOptions, turn: Turn, state: OperationState): Promise<Went> {
  const request = toRequest(options, turn, state, []);
  if (turn.row.dispatchedStep === null) return await save(options, turn, request);
  const result = await saveUnlessWorked(options.db, request, options.logger);
  if (result !== "worked") leaveTimeToWorker(turn);
  return result === "worked" ? { kind: "saved", row: turn.row } : taken(options, turn, request, result);
}

/** Its worker may still be at the step, and sync steps of the entity can't run beside it. */
function leaveTimeToWorker({ owned, definition, row }: Turn): void {
  const step = definition.steps.find(({ name }) => name === row.dispatchedStep);
  owned.pauses.takenBack(entityKeyOf(row), step?.timeoutMs ?? 0);
}

/** A step with a queue is its worker's: the row says that it is handed over, and the owner waits for the result. */
async function handOver(options: RunOptions, turn: Turn, queue: string): Promise<Went> {
  const { row } = turn;
  if (row.dispatchedStep !== turn.state.step || row.dispatchedVersion !== row.version) {
    return await save(options, turn, toRequest(options, turn, { ...withoutWait(turn.state), status: "running" }, []));
  }
  await handOverStep(options.handOver, row, queue);
  return { kind: "wait", untilMs: Date.now() + handOverAgainMs };
}

async function perform(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const step = turn.definition.steps.find(({ name }) => name === action.step);
  if (action.kind === "run" && step?.queue !== undefined) return await performQueued(options, turn, action, step);
  return await unlessPaused(turn, () => performHere(options, turn, action, step?.kind));
}

/**
 * A step with a queue that this process carries too is worked in place, in a slot of that queue: the way by Kafka and
 * `step_results` would only cost. Any other is handed over.
 */
async function performQueued(
  options: RunOptions,
  turn: Turn,
  action: Performing,
  { queue = "", kind }: Pick<StepDefinition, "queue" | "kind">,
): Promise<Went> {
  const slots = options.ownQueues.get(queue);
  if (slots === undefined || turn.row.dispatchedStep !== null) {
    return await unlessPaused(turn, () => handOver(options, turn, queue));
  }
  return await slots.use(() => unlessPaused(turn, () => performHere(options, turn, action, kind)));
}

const isRemote =
  ({ ownQueues }: RunOptions) =>
  (queue: string) =>
    !ownQueues.has(queue);

async function performHere(
  options: RunOptions,
  turn: Turn,
  action: Performing,
  kind: StepKind | undefined,
): Promise<Went> {
  return kind === "transaction"
    ? await performInTransaction(options, turn, action)
    : await callOut(options, turn, action);
}

/** With others of its kind in one transaction, where some are due at the same time. */
function performInTransaction(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const { type, revision } = turn.definition;
  const step = turn.definition.steps.find(({ name }) => name === action.step);
  if (step?.ownTransaction) return options.transactionSlots.use(() => performAlone(options, turn, action));
  return options.groups.perform(`${type}/${revision}/${action.step}/${action.kind}`, {
    perform: (client) => performOnce(options, { ...turn, ...action }, client),
    checkpoint: (performed) => after(options, turn, action, performed),
    alone: () => performAlone(options, turn, action),
    shared: async (shared) =>
      shared.kind === "saved"
        ? taken(options, turn, shared.request, shared.result)
        : await saveFailure(options, turn, action, shared.performed),
  });
}

async function performAlone(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const { db, logger } = options;
  const work = async (client: TransactionClient): Promise<Attempted<PerformedStep>> => {
    const performed = await performOnce(options, { ...turn, ...action }, client);
    if (performed.abandoned) return { value: performed, end: "discard" };
    if (performed.outcome.kind !== "done") return { value: performed, end: "rollback" };
    return { request: after(options, turn, action, performed) };
  };
  try {
    const saved = await saveInTransaction(db, work, logger);
    if ("value" in saved) return await saveFailure(options, turn, action, saved.value);
    return taken(options, turn, saved.request, saved.result);
  } catch (error) {
    if (!(error instanceof RefusedAtCommit)) throw error;
    const outcome = classifyFailure(error.cause, "transaction", {});
    return await saveFailure(options, turn, action, { outcome, emitted: [], abandoned: false, interrupted: false });
  }
}

async function callOut(options: RunOptions, turn: Turn, action: Performing): Promise<Went> {
  const performed = await performOnce(options, { ...turn, ...action });
  return await saveFailure(options, turn, action, performed);
}

/** What was interrupted tells nothing of the step: its next owner runs it again. */
function saveFailure(options: RunOptions, turn: Turn, action: Performing, performed: PerformedStep): Promise<Went> {
  if (performed.interrupted) return Promise.resolve({ kind: "held" });
  return save(options, turn, after(options, turn, action, performed));
}

/** The checkpoint that follows from what came of a step. */
function after(options: RunOptions, turn: Turn, action: Performing, performed: PerformedStep): CheckpointRequest {
  const shape = options.catalog.shapeOf(turn.definition);
  const decide = action.kind === "run" ? afterRun : afterCompensation;
  const state = decide(turn.state, shape, performed.outcome, new Date(), Math.random());
  return toRequest(options, turn, state, performed.emitted);
}

/** The checkpoint that follows from what a worker's attempt came to. */
function afterResult(options: RunOptions, turn: Turn, { outcome, emitted }: TakenResult): CheckpointRequest {
  const shape = options.catalog.shapeOf(turn.definition);
  const state = afterRun(turn.state, shape, outcome, new Date(), Math.random());
  return { ...toRequest(options, turn, state, emitted), takesResult: true };
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
    readInput: () => JSON.parse(row.input) as unknown,
    before: turn.state,
    after: state,
    log: options.logger,
  };
  const told = [...emitted, ...eventsOfTransition(definition, transition)];
  return {
    owned,
    row,
    state,
    emitted: told,
    handsOver: stepToHandOver(state, options.catalog.shapeOf(definition), isRemote(options)),
  };
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
  const { handsOver } = request;
  return { kind: "saved", row: rowAfter(turn.row, request.state, { ...result, handsOver }) };
}

/** Its entity waits until a processor that has the definition owns the partition (design §4). */
async function holdWithoutDefinition(
  options: RunOptions,
  owned: OwnedPartition,
  row: OperationRow,
): Promise<HeadResult> {
  options.onDefinitionMissing(row);
  // A stuck one waits for an operator first, who can only decide about what says that it is stuck.
  if (saysDefinitionMissing(row) || row.status === "stuck") return { kind: "held" };
  const result = await options.checkpointer.save({ owned, row, state: waitingForDefinition(row), emitted: [] });
  if (result.kind === "fenced") options.lose(owned);
  return { kind: "held" };
}

function withoutWait({ nextAttemptAt: _, ...state }: OperationState): OperationState {
  return state;
}
