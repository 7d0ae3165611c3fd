import { readFileSync } from "node:fs";
import type { Catalog } from "../catalog.ts";
import { CatalogError } from "../catalog-error.ts";
import type { OperationDefinition } from "../define-operation.ts";
import { limits } from "../limits.ts";
import type { StepDefinition } from "../step-definition.ts";
import { isOptional, type SecretReference, variableOf } from "./secret-reference.ts";
import { Secrets } from "./secrets.ts";

export interface ReadSecrets {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the process carries: the operations themselves, and steps of these queues. */
  readonly carries: { readonly commands: boolean; readonly queues: readonly string[] };
}

/**
 * Reads the secrets of the steps that a process carries, each from its variable or from the file that `<variable>_FILE`
 * names. A process without those steps needs none of them.
 * @throws {CatalogError} `secret-missing`, with every problem: which variable, which steps
 */
export function readSecrets({ operations }: Pick<Catalog, "operations">, { env, carries }: ReadSecrets): Secrets {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [variable, uses] of usesOf(operations, carries)) {
    const read = readOne(variable, env);
    if ("value" in read) values.set(variable, read.value);
    else if (read.given || uses.some(({ isNeeded }) => isNeeded)) {
      problems.push(`${variable} ${read.why}; ${[...new Set(uses.map(({ by }) => by))].join(" and ")} names it`);
    }
  }
  if (problems.length > 0) throw new CatalogError("secret-missing", problems);
  return new Secrets(values);
}

interface Use {
  readonly by: string;
  readonly isNeeded: boolean;
}

function usesOf(
  operations: readonly OperationDefinition[],
  carries: ReadSecrets["carries"],
): ReadonlyMap<string, readonly Use[]> {
  const uses = operations.flatMap(({ type, revision, steps }) =>
    steps.filter(isCarriedBy(carries)).flatMap(({ name, secrets }) =>
      Object.values(secrets).map((reference: SecretReference) => ({
        variable: variableOf(reference),
        by: `step ${name} of ${type} (revision ${revision})`,
        isNeeded: !isOptional(reference),
      })),
    ),
  );
  return Map.groupBy(uses, ({ variable }) => variable);
}

/** Runs of a step with a queue are its carriers', compensations always the owner's. */
const isCarriedBy =
  ({ commands, queues }: ReadSecrets["carries"]) =>
  ({ queue, compensate }: StepDefinition): boolean =>
    queue === undefined ? commands : queues.includes(queue) || (commands && compensate !== undefined);

type Read = { readonly value: string } | { readonly why: string; readonly given: boolean };

/** An empty variable counts as left out, as Compose files pass them. */
function readOne(variable: string, env: ReadSecrets["env"]): Read {
  const [given, file] = [env[variable] ?? "", env[`${variable}_FILE`] ?? ""];
  if (given !== "" && file !== "") return { why: `and ${variable}_FILE are both set`, given: true };
  if (given === "" && file === "") return { why: `is not set, nor is ${variable}_FILE`, given: false };
  try {
    return checked(given !== "" ? given : readFileSync(file, "utf8").replace(/\r?\n$/, ""));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unreadable";
    return { why: `can't be read: ${variable}_FILE names a file that can't be (${code})`, given: true };
  }
}

function checked(value: string): Read {
  if (value.length >= limits.secretMinChars) return { value };
  return { why: `has fewer than ${limits.secretMinChars} characters: too few to be told from other text`, given: true };
}
