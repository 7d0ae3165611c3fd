import { parseArgs } from "node:util";
import { BenchOptionsError, wholeNumber } from "../options.ts";

export interface CompareOptions {
  readonly ratePerSecond: number;
  /** Of each measured run. */
  readonly seconds: number;
  /** Of load before it, not counted. */
  readonly warmupSeconds: number;
  /** What the service takes for each of the three calls. */
  readonly stepMs: number;
  readonly jsonFile: string | undefined;
}

export const help = `npm run compare -- [options]

The same write done twice: a row, three calls of a service that takes 20 ms each, and the row again. Once by a plain
HTTP handler that does all of it before it answers, once through Postback, which answers first. Starts both with Kafka
and Postgres on this machine, sends on schedule, and measures how long the answer takes, and how long until all is done.
Ends what it started, and removes its data. docs/comparison.md reads the figures.

  --rate <n>      requests a second (default: 50)
  --seconds <n>   of each measured run (default: 30)
  --warmup <n>    seconds of load before it, not counted (default: 10)
  --step-ms <n>   what the service takes for a call (default: 20)
  --json <file>   writes the figures there as well
  --help

Exits with 1 when a request was refused, or what was accepted was not done within a minute.`;

const parsed = {
  rate: { type: "string", default: "50" },
  seconds: { type: "string", default: "30" },
  warmup: { type: "string", default: "10" },
  "step-ms": { type: "string", default: "20" },
  json: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** @returns "help" when that is wanted @throws {BenchOptionsError} that names what can't be used and what it must be */
export function readCompareOptions(args: readonly string[]): CompareOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  return {
    ratePerSecond: wholeNumber("--rate", values.rate, { min: 1, max: 5_000 }),
    seconds: wholeNumber("--seconds", values.seconds, { min: 1, max: 3_600 }),
    warmupSeconds: wholeNumber("--warmup", values.warmup, { min: 1, max: 600 }),
    stepMs: wholeNumber("--step-ms", values["step-ms"], { min: 0, max: 10_000 }),
    jsonFile: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: parsed }).values;
  } catch (error) {
    throw new BenchOptionsError(error instanceof Error ? error.message : String(error));
  }
}
