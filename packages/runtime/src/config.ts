import type { z } from "zod";

/** One environment variable: how its text is read, what it is when left out, and what it means. */
export interface Setting<S extends z.ZodType = z.ZodType> {
  schema: S;
  description: string;
  /** As it would be written in the environment: it goes through the schema like a given one. */
  default?: string;
  /** Its value is never printed. */
  secret?: boolean;
}

export type ConfigDefinition = Record<string, Setting>;
export type Config<D extends ConfigDefinition> = { [K in keyof D]: z.output<D[K]["schema"]> };

export interface ConfigProblem {
  variable: string;
  rule: string;
  /** What was given; absent where nothing was, or where it is secret. */
  given?: string;
}

/** Everything that is wrong with the environment at once; its message is made for the terminal. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "invalid-config";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(`The environment breaks ${problems.length} rule(s):\n${problems.map(problemLine).join("\n")}`);
    this.problems = problems;
  }
}

/** @param options `default` is text, as in the environment; without one the schema decides whether it may be absent. */
export const setting = <S extends z.ZodType>(schema: S, options: Omit<Setting<S>, "schema">): Setting<S> => ({
  schema,
  ...options,
});

/** Keeps the types of a definition; the app's `config.ts` exports one. */
export const defineConfig = <D extends ConfigDefinition>(definition: D): D => definition;

/**
 * Reads every variable of the definition. An empty one counts as left out, as Compose files pass them.
 * @throws {ConfigError} with every problem, not only the first.
 */
export function readConfig<D extends ConfigDefinition>(
  definition: D,
  env: Readonly<Record<string, string | undefined>>,
): Config<D> {
  const problems: ConfigProblem[] = [];
  const entries = Object.entries(definition).map(([variable, one]) => {
    const given = env[variable] === "" ? undefined : env[variable];
    const parsed = one.schema.safeParse(given ?? one.default);
    if (parsed.success) return [variable, parsed.data];
    problems.push(problemOf(variable, one, given, parsed.error));
    return [variable, undefined];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(entries) as Config<D>;
}

export interface ConfigRow {
  variable: string;
  description: string;
  default?: string;
  required: boolean;
  secret: boolean;
}

/** The rows of `docs/config.md` and `.env.example`, in the order of the definition. */
export const describeConfig = (definition: ConfigDefinition): ConfigRow[] =>
  Object.entries(definition).map(([variable, one]) => ({
    variable,
    description: one.description,
    ...(one.default === undefined ? {} : { default: one.default }),
    required: !one.schema.safeParse(one.default).success,
    secret: one.secret ?? false,
  }));

function problemOf(variable: string, one: Setting, given: string | undefined, error: z.ZodError): ConfigProblem {
  if (given === undefined) return { variable, rule: `is required: ${one.description}` };
  const rule = error.issues.map((issue) => issue.message).join("; ");
  return one.secret ? { variable, rule } : { variable, rule, given };
}

const problemLine = ({ variable, rule, given }: ConfigProblem): string =>
  `  ${variable}: ${rule}${given === undefined ? "" : ` (given: ${JSON.stringify(given)})`}`;
