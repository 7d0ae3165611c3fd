import type { Json, StepOutcome } from "@postback/domain";
import pRetry from "p-retry";
import type { ClientBase } from "pg";
import { classifyFailure } from "./classify-failure.ts";
import { isQuickTransient } from "./classify-http-failure.ts";
import { completedOutcome, InvalidGift } from "./completed-outcome.ts";
import type { OperationDefinition } from "./define-operation.ts";
import { describeForLog } from "./describe-for-log.ts";
import { limits } from "./limits.ts";
import { makeStepContext } from "./make-step-context.ts";
import { redactDeep } from "./secrets/redact.ts";
import { redactedLog } from "./secrets/redacted-log.ts";
import { Secrets } from "./secrets/secrets.ts";
import type { OperationRef, StepLog } from "./step-context.ts";
import type { StepDefinition } from "./step-definition.ts";
import { type Emitted, InvalidEvent, StepEvents } from "./step-events.ts";
import { type Interruption, underDeadline } from "./under-deadline.ts";

export interface PerformStep {
  readonly definition: OperationDefinition;
  readonly stepName: string;
  readonly direction: "run" | "compensate";
  readonly operation: OperationRef;
  /** As it was submitted; it is parsed by the definition's schema here. */
  readonly input: unknown;
  /** Outputs of the steps that are done, by name. */
  readonly outputs: Readonly<Record<string, Json | undefined>>;
  /** From 1. */
  readonly attempt: number;
  /** Of the checkpoint's open transaction; needed by transaction steps. */
  readonly client?: ClientBase | undefined;
  /** Aborted when the process must let go of the operation. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  /** What {@link readSecrets} found; needed by steps that name some. */
  readonly secrets?: Secrets;
}

export interface PerformedStep {
  /** The caller rolls the transaction back unless it is "done". */
  readonly outcome: StepOutcome;
  /** To be written with the checkpoint; none unless "done". */
  readonly emitted: readonly Emitted[];
  /**
   * The step's code goes on although its time is over: a client that it was given must be destroyed, not given back to
   * its pool, because statements of that code may still be sent on it.
   */
  readonly abandoned: boolean;
  /** `signal` ended it: the outcome tells nothing of the step, and need not be recorded. */
  readonly interrupted: boolean;
}

/**
 * Performs one attempt of a step or of its compensation and says what came of it. Failures of the step are outcomes;
 * what it throws is a mistake of the caller (a step that the definition hasn't, a transaction without a client).
 */
export async function performStep(request: PerformStep): Promise<PerformedStep> {
  const step = stepOf(request);
  if (Object.keys(step.secrets).length === 0) return await attemptStep(request, step);
  return await withoutSecrets(request, step);
}

/** Nothing that goes out of it holds a secret of the step: outcome, events, log. */
async function withoutSecrets(request: PerformStep, step: StepDefinition): Promise<PerformedStep> {
  const { secrets = new Secrets(), log } = request;
  secrets.of(step);
  const redact = secrets.redactor(step);
  // All that it names are optional, and none was given.
  if (redact === undefined) return await attemptStep(request, step);
  return redactDeep(await attemptStep({ ...request, log: redactedLog(log, redact) }, step), redact);
}

async function attemptStep(request: PerformStep, step: StepDefinition): Promise<PerformedStep> {
  const parsed = request.definition.input.safeParse(request.input);
  if (!parsed.success) return failed(permanent("invalid-input", "The input breaks a rule of the operation type"));
  const events = new StepEvents(request.definition.events);
  const tries: Tries = { uncertain: false };
  const ended = await underDeadline(request.signal, step.timeoutMs, (signal) =>
    trying(step, signal, tries, () => attemptOnce(request, step, parsed.data as never, events, signal)),
  );
  events.close();
  if (ended.kind === "interrupted") return interrupted(step, ended.by, ended.abandoned, request);
  if (ended.kind === "threw") return threw(step, ended.error, tries, request);
  return gave(request, step, ended.value, parsed.data as never, events);
}

function stepOf({ definition, stepName, client, direction }: PerformStep): StepDefinition {
  const step = definition.steps.find(({ name }) => name === stepName);
  if (step === undefined) throw new RangeError(`${definition.type} has no step ${stepName}`);
  if (step.kind === "transaction" && client === undefined)
    throw new TypeError(`${stepName} needs the client of a transaction`);
  if (direction === "compensate" && step.compensate === undefined) throw new TypeError(`${stepName} has no compensate`);
  return step;
}

/** What the tries of one attempt found out besides its last answer. */
interface Tries {
  /** One of them may have had an effect, whatever the last one proves of itself. */
  uncertain: boolean;
}

/** Quick tries repeat the whole function: it carries the same key, and any part of it may have been what failed. */
async function trying(
  step: StepDefinition,
  signal: AbortSignal,
  tries: Tries,
  once: () => Promise<unknown>,
): Promise<unknown> {
  try {
    return await once();
  } catch (error) {
    if (step.kind !== "http" || step.quickRetries === 0) throw error;
    return await tryAgain(error, step, signal, tries, once);
  }
}

function tryAgain(
  failure: unknown,
  step: StepDefinition,
  signal: AbortSignal,
  tries: Tries,
  once: () => Promise<unknown>,
): Promise<unknown> {
  return pRetry((attempt) => (attempt === 1 ? Promise.reject(failure) : once()), {
    retries: step.quickRetries,
    minTimeout: limits.quickRetryDelayMs,
    factor: 2,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => {
      tries.uncertain ||= classifyFailure(error, step.kind, step.refusals).effect === "unknown";
      return isQuickTransient(error, step.refusals);
    },
  });
}

async function attemptOnce(
  request: PerformStep,
  step: StepDefinition,
  input: never,
  events: StepEvents,
  signal: AbortSignal,
): Promise<unknown> {
  events.begin();
  const context = makeStepContext(request, step, input, events, signal);
  return request.direction === "run" ? step.run(context) : step.compensate?.(context);
}

/** The step's function has returned: what it gave and emitted still has to be right. */
function gave(
  request: PerformStep,
  step: StepDefinition,
  value: unknown,
  input: never,
  events: StepEvents,
): PerformedStep {
  const { definition, direction, outputs, log } = request;
  if (events.wrong !== undefined) return invalid(step, events.wrong, log);
  try {
    const isRun = direction === "run";
    const outcome: StepOutcome = isRun ? completedOutcome(definition, step, value, outputs, input) : { kind: "done" };
    return { outcome, emitted: events.emitted, abandoned: false, interrupted: false };
  } catch (error) {
    if (!(error instanceof InvalidGift)) throw error;
    return invalid(step, error, log);
  }
}

function threw(step: StepDefinition, error: unknown, tries: Tries, request: PerformStep): PerformedStep {
  const { log, attempt, direction } = request;
  if (error instanceof InvalidEvent) return invalid(step, error, log);
  const outcome = classifyFailure(error, step.kind, step.refusals);
  const { code } = outcome.error;
  log.warn(
    { step: step.name, direction, attempt, outcome: outcome.kind, code, ...describeForLog(error) },
    "step.failed",
  );
  return failed(tries.uncertain ? { ...outcome, effect: "unknown" } : outcome);
}

function interrupted(step: StepDefinition, by: Interruption, abandoned: boolean, request: PerformStep): PerformedStep {
  const { attempt, direction, log } = request;
  const effect = step.kind === "transaction" ? "none" : "unknown";
  log.warn({ step: step.name, direction, attempt, outcome: "transient", code: by, abandoned }, "step.failed");
  const message = by === "step-timeout" ? `The step took longer than ${step.timeoutMs} ms` : "The step was interrupted";
  const outcome: StepOutcome = { kind: "transient", error: { code: by, message }, effect };
  return { outcome, emitted: [], abandoned, interrupted: by === "interrupted" };
}

/** What the step gave is wrong although it was done: unless it is rolled back, it is done. */
function invalid(step: StepDefinition, error: InvalidEvent | InvalidGift, log: StepLog): PerformedStep {
  const { code, message } = error;
  log.error(
    { step: step.name, outcome: "permanent", code, message, ...describeForLog(error.cause ?? error) },
    "step.failed",
  );
  return failed({
    kind: "permanent",
    error: { code, message },
    effect: step.kind === "transaction" ? "none" : "unknown",
  });
}

const failed = (outcome: StepOutcome): PerformedStep => ({
  outcome,
  emitted: [],
  abandoned: false,
  interrupted: false,
});
const permanent = (code: string, message: string): StepOutcome => ({
  kind: "permanent",
  error: { code, message },
  effect: "none",
});
