import type { StepRetryPolicy } from "@postback/domain";
import { limits } from "./limits.ts";
import { variableOf } from "./secrets/secret-reference.ts";
import type { StepDefinition } from "./step-definition.ts";

const stepName = /^[a-z][a-z0-9-]*$/;

/** The rules of one step; each problem is what follows after its name. */
export function checkStep(step: StepDefinition, isLast: boolean): readonly string[] {
  return [
    ...checkName(step.name),
    ...checkUndoing(step, isLast),
    ...checkPolicy("retry", step.retry),
    ...checkPolicy("compensateRetry", step.compensateRetry),
    ...checkRange("timeoutMs", step.timeoutMs, 1, limits.stepTimeoutMaxMs),
    ...checkRange("quickRetries", step.quickRetries, 0, limits.quickRetriesMax),
    ...checkQueue(step.queue),
    ...checkSecrets(step),
    ...(step.sync === true ? checkSync(step) : []),
    ...(step.ownTransaction === true && step.kind !== "transaction"
      ? [`has ownTransaction and is of the kind ${step.kind}: only a transaction has one`]
      : []),
  ];
}

const checkName = (name: string): readonly string[] =>
  stepName.test(name) && name.length <= limits.stepNameMaxChars
    ? []
    : [`must have a name of lower-case words joined by -, of at most ${limits.stepNameMaxChars} characters`];

const checkQueue = (queue: string | undefined): readonly string[] =>
  queue === undefined || (stepName.test(queue) && queue.length <= limits.stepNameMaxChars)
    ? []
    : [
        `names the queue ${queue}: must be lower-case words joined by -, of at most ${limits.stepNameMaxChars} characters`,
      ];

const variableName = /^[A-Z][A-Z0-9_]*$/;

function checkSecrets({ kind, secrets }: StepDefinition): readonly string[] {
  const references = Object.values(secrets);
  if (references.length > 0 && kind === "transaction")
    return ["names secrets and is a transaction, which calls nobody"];
  return references
    .map(variableOf)
    .filter((name) => !variableName.test(name) || name.endsWith("_FILE"))
    .map((name) => `names the secret ${name}: must be an environment variable like PAYMENTS_TOKEN, without _FILE`);
}

function checkSync({ kind, queue, timeoutMs }: StepDefinition): readonly string[] {
  const problems: string[] = [];
  if (kind !== "transaction") problems.push(`is sync and of the kind ${kind}: only a transaction can be sync`);
  if (queue !== undefined) problems.push("is sync and names a queue: a caller waits for it");
  if (timeoutMs > limits.syncStepTimeoutMaxMs) {
    problems.push(
      `is sync with timeoutMs ${timeoutMs}, more than ${limits.syncStepTimeoutMaxMs}: a caller waits for it`,
    );
  }
  return problems;
}

function checkUndoing({ kind, compensate, irreversible, effect }: StepDefinition, isLast: boolean): readonly string[] {
  const said = [compensate, irreversible, effect].filter((each) => each !== undefined).length;
  if (said > 1) return ["says more than one of compensate, irreversible and effect"];
  if (irreversible?.trim() === "") return ["is irreversible without a reason"];
  if (said === 1 || (isLast && kind === "transaction")) return [];
  return ['must have a compensate, or a reason why it is irreversible, or effect: "none" if it only reads'];
}

function checkPolicy(name: string, policy: StepRetryPolicy): readonly string[] {
  return [
    ...checkRange(`${name}.attemptsMax`, policy.attemptsMax, 1, limits.attemptsMax),
    ...checkRange(`${name}.firstDelayMs`, policy.firstDelayMs, 0, limits.retryDelayMaxMs),
    ...checkRange(`${name}.delayMaxMs`, policy.delayMaxMs, 0, limits.retryDelayMaxMs),
    ...(policy.factor >= 1 && policy.factor <= 10 ? [] : [`has ${name}.factor ${policy.factor}, not between 1 and 10`]),
    ...(policy.jitter >= 0 && policy.jitter <= 1 ? [] : [`has ${name}.jitter ${policy.jitter}, not between 0 and 1`]),
  ];
}

const checkRange = (name: string, value: number, min: number, max: number): readonly string[] =>
  Number.isInteger(value) && value >= min && value <= max
    ? []
    : [`has ${name} ${value}, not a whole number between ${min} and ${max}`];
