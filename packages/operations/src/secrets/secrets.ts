import type { StepDefinition } from "../step-definition.ts";
import { textRedactor } from "./redact.ts";
import { isOptional, variableOf } from "./secret-reference.ts";

/**
 * The secrets that a process has read for the steps that it carries. It shows none of them: neither JSON nor a logger nor
 * the inspector finds a property with a value.
 */
export class Secrets {
  readonly #values: ReadonlyMap<string, string>;

  /** @param values environment variable → secret */
  constructor(values: ReadonlyMap<string, string> = new Map()) {
    this.#values = values;
  }

  /**
   * What a step's functions get as `secrets`.
   * @throws when one isn't there: the process was not to carry this step
   */
  of({ name, secrets }: StepDefinition): Readonly<Record<string, string | undefined>> {
    return Object.fromEntries(
      Object.entries(secrets).map(([as, reference]) => {
        const value = this.#values.get(variableOf(reference));
        if (value === undefined && !isOptional(reference)) {
          throw new TypeError(`${name} needs the secret ${variableOf(reference)}, which this process has not read`);
        }
        return [as, value];
      }),
    );
  }

  /** Takes the secrets of a step out of a text, whoever wrote it; undefined where the step has none. */
  redactor({ secrets }: StepDefinition): ((text: string) => string) | undefined {
    const values = Object.values(secrets).flatMap((reference) => this.#values.get(variableOf(reference)) ?? []);
    return values.length === 0 ? undefined : textRedactor(values);
  }
}
