import type { Json, StepOutcome } from "@postback/domain";
import type { OperationDefinition } from "./define-operation.ts";
import { toJson } from "./json-value.ts";
import { limits } from "./limits.ts";
import type { StepDefinition } from "./step-definition.ts";

/** An output or result that isn't what can be kept: a mistake of the definition, which no further attempt mends. */
export class InvalidGift extends Error {
  readonly code: string;
  constructor(what: "output" | "result", why: string, options?: ErrorOptions) {
    super(`The ${what === "output" ? "step's output" : "operation's result"} ${why}`, options);
    this.name = "InvalidGift";
    this.code = `invalid-${what}`;
  }
}

/**
 * The outcome of a run that returned `value`; with the last step comes the operation's result, so that a wrong one still
 * rolls that step back.
 * @throws {InvalidGift}
 */
export function completedOutcome(
  definition: OperationDefinition,
  step: StepDefinition,
  value: unknown,
  outputs: Readonly<Record<string, Json | undefined>>,
  input: never,
): StepOutcome {
  const given = value === undefined ? {} : { output: checked("output", value, limits.outputMaxBytes) };
  if (definition.toResult === undefined || definition.steps.at(-1) !== step) return { kind: "done", ...given };
  const result = madeResult(definition.toResult, { ...outputs, [step.name]: given.output }, input);
  return { kind: "done", ...given, result: checked("result", result, limits.resultMaxBytes) };
}

function madeResult(toResult: NonNullable<OperationDefinition["toResult"]>, outputs: object, input: never): unknown {
  try {
    return toResult(outputs as never, input);
  } catch (error) {
    throw new InvalidGift("result", "can't be made", { cause: error });
  }
}

function checked(what: "output" | "result", value: unknown, maxBytes: number): Json {
  const json = toJson(value, maxBytes);
  if (!json.ok) throw new InvalidGift(what, json.why);
  return json.value;
}
