import type { Command, OptionDefinition } from "./command.ts";
import { globalOptions } from "./global-options.ts";

const surroundings = `Environment:
  POSTBACK_URL      where Postback is, https://postback.example.com
  POSTBACK_API_KEY  an API key of your tenant, pb_…`;

/** `postback --help`. */
export function generalHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return `Usage: postback <command> [options]\n\nCommands:\n${columns(rows)}\n\n${surroundings}\n\n\`postback <command> --help\` says more.`;
}

/** `postback <command> --help`. */
export function commandHelp({ name, summary, args, options, examples }: Command): string {
  const usage = [name, ...args.map((arg) => (arg.required ? `<${arg.name}>` : `[${arg.name}]`)), "[options]"];
  const sections = [
    `Usage: postback ${usage.join(" ")}\n\n${summary}.`,
    args.length === 0 ? "" : columns(args.map((arg) => [`<${arg.name}>`, arg.description] as const)),
    `Options:\n${columns(Object.entries({ ...options, ...globalOptions }).map(optionRow))}`,
    surroundings,
    examples.length === 0 ? "" : `Examples:\n${examples.map((example) => `  ${example}`).join("\n")}`,
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function optionRow([name, option]: [string, OptionDefinition]): readonly [string, string] {
  const { short, value, type, choices, multiple, description } = option;
  const left = `${short === undefined ? "" : `-${short}, `}--${name}${type === "string" ? ` ${value ?? "TEXT"}` : ""}`;
  const more = [choices === undefined ? "" : choices.join(", "), multiple ? "may be given several times" : ""];
  const notes = more.filter((note) => note !== "");
  return [left, notes.length === 0 ? description : `${description} (${notes.join("; ")})`];
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
