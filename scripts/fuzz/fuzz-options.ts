import { parseArgs } from "node:util";

export interface FuzzOptions {
  readonly seed: number;
  /** Of each call, besides those that try the borders of its schemas; a call with few possibilities ends before. */
  readonly examplesMax: number;
  /** What takes longer is ended, and not whole. */
  readonly secondsMax: number;
  /** An installed schemathesis in place of one that is installed for this run. */
  readonly program: string | undefined;
  /** Where the figures are written as well. */
  readonly evidenceFile: string | undefined;
  /** Where what schemathesis reports in full stays; undefined: it is removed. */
  readonly keptFolder: string | undefined;
}

/** The command line can't be used. */
export class FuzzOptionsError extends Error {
  override readonly name = "FuzzOptionsError";
}

export const help = `npm run fuzz -- [options]

Starts a Postback with the shop on loopback and sends it requests that schemathesis makes up from Postback's own
OpenAPI document: rightful ones and broken ones. What isn't as the document says is a finding: a 5xx, a status, content
type, header or body that it doesn't name. Webhooks don't leave the machine. Ends what it started, and removes its data.

  --seed <n>            of what is made up (default: 20261124)
  --examples <n>        for each call, besides those that try the borders of its schemas (default: 40)
  --seconds <n>         that it may take; what takes longer is ended, and fails (default: 600)
  --schemathesis <file> runs this program; else the pinned version is installed by pip into a folder that is removed
  --evidence <file>     writes the figures there as well, as docs/evidence/fuzz.md has them
  --keep <folder>       keeps what schemathesis prints and reports there
  --help

Needs python3 (3.10 or newer) with venv, and pip's package index.
Not covered: /v1/stream, a WebSocket, and streams of Server-Sent Events, which never end; their calls are made without
Accept: text/event-stream. Both have tests of their own.

Exits with 1 when there is a finding or fewer than 2,000 cases were sent.`;

const parsed = {
  seed: { type: "string", default: "20261124" },
  examples: { type: "string", default: "40" },
  seconds: { type: "string", default: "600" },
  schemathesis: { type: "string" },
  evidence: { type: "string" },
  keep: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** @returns "help" when that is wanted @throws {FuzzOptionsError} that says what can't be used */
export function readFuzzOptions(args: readonly string[]): FuzzOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  return {
    seed: wholeNumber("--seed", values.seed, 2 ** 31),
    examplesMax: wholeNumber("--examples", values.examples, 10_000),
    secondsMax: wholeNumber("--seconds", values.seconds, 3_600),
    program: values.schemathesis,
    evidenceFile: values.evidence,
    keptFolder: values.keep,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: parsed }).values;
  } catch (error) {
    throw new FuzzOptionsError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= max) return value;
  throw new FuzzOptionsError(`${option} is ${text}; it must be a whole number from 1 to ${max}.`);
}
