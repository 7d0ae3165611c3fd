import { type ParseArgsConfig, parseArgs } from "node:util";
import { type Command, type Given, type OptionDefinition, UsageError } from "./command.ts";
import { globalOptions } from "./global-options.ts";

export interface Parsed {
  /** `undefined`: no command was named. */
  readonly command: Command | undefined;
  readonly args: readonly string[];
  readonly given: Given;
}

/**
 * Which command is meant, and what it was given.
 * @throws {UsageError}
 */
export function parseCommandLine(commands: readonly Command[], argv: readonly string[]): Parsed {
  const words = leadingWords(argv);
  const command = findCommand(commands, words);
  if (command === undefined && words.length > 0) throw unknownCommand(commands, words);
  const rest = argv.slice(command?.name.split(" ").length ?? 0);
  const options = { ...globalOptions, ...command?.options };
  const { values, positionals } = parse(rest, options);
  checkChoices(values, options);
  const given: Given = {
    text: (name) => (typeof values[name] === "string" ? values[name] : undefined),
    list: (name) => (Array.isArray(values[name]) ? values[name].map(String) : []),
    flag: (name) => values[name] === true,
  };
  if (command !== undefined && !given.flag("help")) checkArguments(command, positionals);
  return { command, args: positionals, given };
}

const leadingWords = (argv: readonly string[]): readonly string[] => {
  const end = argv.findIndex((each) => each.startsWith("-"));
  return end === -1 ? argv : argv.slice(0, end);
};

/** That whose words are most of those given. */
function findCommand(commands: readonly Command[], words: readonly string[]): Command | undefined {
  return commands
    .filter(({ name }) => name.split(" ").every((word, at) => words[at] === word))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

function unknownCommand(commands: readonly Command[], words: readonly string[]): UsageError {
  const [first = ""] = words;
  const alike = commands.filter(({ name }) => name.startsWith(first.slice(0, 3))).map(({ name }) => `postback ${name}`);
  const hint = alike.length === 0 ? "`postback --help` lists the commands." : `Is it ${alike.join(", or ")}?`;
  return new UsageError(`There is no command "${first}". ${hint}`);
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parse(args: readonly string[], definitions: Readonly<Record<string, OptionDefinition>>) {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { type, short, multiple }] of Object.entries(definitions)) {
    options[name] = { type, multiple: multiple === true, ...(short === undefined ? {} : { short }) };
  }
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values: parsed.values as Values, positionals: parsed.positionals };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function checkChoices(values: Values, definitions: Readonly<Record<string, OptionDefinition>>): void {
  for (const [name, { choices }] of Object.entries(definitions)) {
    const wrong = [values[name]]
      .flat()
      .find((value) => value !== undefined && choices?.includes(String(value)) === false);
    if (wrong !== undefined) throw new UsageError(`--${name} is ${choices?.join(", ")}, not "${wrong}".`);
  }
}

function checkArguments({ name, args }: Command, positionals: readonly string[]): void {
  const missing = args.filter(({ required }) => required)[positionals.length];
  if (missing !== undefined)
    throw new UsageError(`\`postback ${name}\` needs ${missing.name}: ${missing.description}.`);
  const extra = positionals[args.length];
  if (extra !== undefined) throw new UsageError(`\`postback ${name}\` doesn't know what "${extra}" is for.`);
}
