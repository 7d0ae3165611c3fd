import { createClient } from "@postback/client";
import { type Command, type Context, type ExitCode, type Output, UsageError } from "./command.ts";
import { explainError } from "./explain-error.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { type Parsed, parseCommandLine } from "./parse-command-line.ts";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Output;
  /** Aborted when the person has had enough. */
  readonly signal: AbortSignal;
  readStdin(): Promise<string>;
  now(): Date;
}

/** Ended by a signal, as shells count it: 128 and SIGINT's 2. */
const interrupted = 130;

/** One command line, from its words to the code that the process ends with. It never throws for what a person can mend. */
export async function run(
  commands: readonly Command[],
  argv: readonly string[],
  around: Surroundings,
): Promise<ExitCode | typeof interrupted> {
  const { out, signal } = around;
  let url = around.env["POSTBACK_URL"] ?? "";
  try {
    const parsed = parseCommandLine(commands, argv);
    url = parsed.given.text("url") ?? url;
    if (parsed.command === undefined || parsed.given.flag("help")) return showHelp(commands, parsed, out);
    return await parsed.command.run(contextOf(parsed, parsed.command, url, around));
  } catch (error) {
    out.progress(undefined);
    if (signal.aborted) return interrupted;
    out.note(explainError(error, url));
    return error instanceof UsageError ? 2 : 1;
  }
}

/** What was asked for is a result; what is shown because nothing was is none. */
function showHelp(commands: readonly Command[], { command, given }: Parsed, out: Output): ExitCode {
  const help = command === undefined ? generalHelp(commands) : commandHelp(command);
  if (given.flag("help")) out.line(help);
  else out.note(help);
  return given.flag("help") ? 0 : 2;
}

function contextOf({ args, given }: Parsed, command: Command, url: string, around: Surroundings): Context {
  const { env, ...rest } = around;
  const apiKey = env["POSTBACK_API_KEY"] ?? "";
  if (command.needsNoServer !== true) checkSettings(url, apiKey);
  return { ...rest, args, given, json: given.flag("json"), client: createClient({ url, apiKey }) };
}

function checkSettings(url: string, apiKey: string): void {
  if (url === "") throw new UsageError("Where is Postback? Set POSTBACK_URL, or give --url http://localhost:3100.");
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError(`"${url}" is no URL of Postback's: it begins with http:// or https://, and has no /v1.`);
  }
  if (apiKey === "") throw new UsageError("Set POSTBACK_API_KEY to an API key of your tenant, pb_….");
  // Others on this machine see command lines, and a header takes no such characters.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new UsageError("POSTBACK_API_KEY has characters that no API key has.");
}
