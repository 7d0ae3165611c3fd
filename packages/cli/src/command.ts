import type { Client } from "@postback/client";

export interface OptionDefinition {
  readonly type: "string" | "boolean";
  readonly description: string;
  /** What a value is called in the help: `SECONDS`. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: true;
  /** The only values, for completion and for the check. */
  readonly choices?: readonly string[];
}

interface ArgumentDefinition {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** What a person or a program sees. */
export interface Output {
  /** One line on standard output. */
  line(text: string): void;
  /** On standard error, so that it isn't taken for a result. */
  note(text: string): void;
  /** A line that the next one replaces; nothing where no terminal is. */
  progress(text: string | undefined): void;
  /** Colours are seen. */
  readonly colours: boolean;
}

/** The options that were given, by name. */
export interface Given {
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  flag(name: string): boolean;
}

export interface Context {
  readonly client: Client;
  readonly out: Output;
  /** `--json`: one JSON document a line. */
  readonly json: boolean;
  readonly args: readonly string[];
  readonly given: Given;
  readonly signal: AbortSignal;
  readStdin(): Promise<string>;
  now(): Date;
}

/** Ends a process: 0 it went well, 1 it was refused, 2 the command line is wrong, 3 the operation didn't succeed. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Command {
  /** Its words: `endpoints create`. */
  readonly name: string;
  readonly summary: string;
  readonly args: readonly ArgumentDefinition[];
  readonly options: Readonly<Record<string, OptionDefinition>>;
  /** Command lines that work. */
  readonly examples: readonly string[];
  /** It asks no API: URL and key may be missing. */
  readonly needsNoServer?: true;
  run(context: Context): Promise<ExitCode>;
}

/** The command line is wrong; its message says what to write. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
