import { entitySchema, eventTypePattern, limits as wire } from "@postback/contracts";
import { checkStep } from "./check-step.ts";
import type { OperationDefinition, WhenStuck } from "./define-operation.ts";
import { limits } from "./limits.ts";
import type { EventSchemas } from "./step-context.ts";
import { syncStepsOf } from "./sync-steps.ts";
import { validateInput } from "./validate-input.ts";

/**
 * The rules of one operation type, as sentences that name it.
 * @param isNewest of the revisions of its type
 */
export function checkOperation(
  definition: OperationDefinition,
  catalogEvents: EventSchemas,
  isNewest: boolean,
): readonly string[] {
  const problems = [
    ...checkHead(definition),
    ...checkSteps(definition),
    ...checkSync(definition),
    ...checkWhenStuck(definition),
    ...checkEvents(definition, catalogEvents, isNewest),
    ...checkExample(definition),
  ];
  return problems.map((problem) => `operation ${definition.type} (revision ${definition.revision}): ${problem}`);
}

function checkHead({ type, revision, entity, deadlineMs }: OperationDefinition): readonly string[] {
  const problems: string[] = [];
  if (!eventTypePattern.test(type) || type.length > wire.eventTypeMaxChars) {
    problems.push("its type must be lower-case words joined by dots, like order.place");
  }
  if (!Number.isInteger(revision) || revision < 1) problems.push("its revision must be a whole number from 1");
  if (!entitySchema.shape.type.safeParse(entity.type).success) {
    problems.push(`its entity type "${entity.type}" must be a lower-case word of at most 64 characters`);
  }
  if (!Number.isInteger(deadlineMs) || deadlineMs < 1 || deadlineMs > limits.deadlineMaxMs) {
    problems.push(`its deadlineMs ${deadlineMs} must be a whole number between 1 and ${limits.deadlineMaxMs}`);
  }
  return problems;
}

function checkSteps({ steps }: OperationDefinition): readonly string[] {
  if (steps.length === 0) return ["it has no steps"];
  if (steps.length > limits.stepsMax) return [`it has ${steps.length} steps, more than ${limits.stepsMax}`];
  const names = steps.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [
    ...[...twice].map((name) => `two steps are named ${name}`),
    ...steps.flatMap((step, index) =>
      checkStep(step, index === steps.length - 1).map((problem) => `step ${step.name} ${problem}`),
    ),
  ];
}

/** Sync steps lead, since all of them are one transaction before the answer. */
function checkSync(definition: OperationDefinition): readonly string[] {
  const { steps, whenBusy } = definition;
  const leading = syncStepsOf(definition).length;
  const late = steps.slice(leading).filter(({ sync }) => sync === true);
  const problems = late.map(({ name }) => `step ${name} is sync, but comes after one that isn't`);
  if (whenBusy !== undefined && leading === 0) problems.push("it says whenBusy, but its first step isn't sync");
  return problems;
}

/** Only a compensation that gives up makes an operation stuck. */
function checkWhenStuck({ whenStuck, steps }: OperationDefinition): readonly string[] {
  if (whenStuck === undefined) return [];
  if (!whenStuckChoices.has(whenStuck)) return [`its whenStuck "${whenStuck}" must be hold or go-on`];
  const canBeStuck = steps.some(({ compensate }) => compensate !== undefined);
  return canBeStuck ? [] : ["it says whenStuck, but none of its steps has a compensate: it is never stuck"];
}

const whenStuckChoices: ReadonlySet<string> = new Set(["hold", "go-on"] satisfies WhenStuck[]);

/**
 * The same schema, not an equal one: two of one name would drift apart. An older revision keeps the schema that it had: what
 * began under it tells its events as it did.
 */
const checkEvents = (
  { events }: OperationDefinition,
  catalogEvents: EventSchemas,
  isNewest: boolean,
): readonly string[] =>
  Object.keys(events).flatMap((type) => {
    if (!Object.hasOwn(catalogEvents, type)) return [`it may emit ${type}, which is not among the catalog's events`];
    return !isNewest || catalogEvents[type] === events[type]
      ? []
      : [`its schema of ${type} is another one than the catalog's`];
  });

function checkExample(definition: OperationDefinition): readonly string[] {
  if (definition.example === undefined) return [];
  const checked = validateInput(definition, definition.example, { pointer: "" });
  if (checked.ok) return [];
  return checked.errors.map(({ pointer, message }) => `its example breaks a rule at "${pointer}": ${message}`);
}
