import { parseArgs } from "node:util";
import { type ScenarioName, scenarioNames } from "./scenarios.ts";

/** Batches are measured with single writes. */
const askable = scenarioNames.filter((name) => name !== "accept-batch");

const profilable = ["ingest", "processor", "webhook-dispatcher"] as const;
export type Profilable = (typeof profilable)[number];

const paymentsKinds = ["stub", "service"] as const;
type Payments = (typeof paymentsKinds)[number];

export interface BenchOptions {
  readonly scenarios: readonly ScenarioName[];
  /** Of each measured run. */
  readonly seconds: number;
  /** Of load before each scenario's measured runs, not counted. */
  readonly warmupSeconds: number;
  readonly ratePerSecond: number;
  readonly connections: number;
  /** Deliveries that may be owed at saturation. */
  readonly outstandingMax: number;
  readonly jsonFile: string | undefined;
  readonly isChecked: boolean;
  readonly profiled: readonly Profilable[];
  /** Whether the statements that Postgres works are counted. */
  readonly countsStatements: boolean;
  /** Who takes the payments of orders: a stub in the processor, or the shop's service over HTTP. */
  readonly payments: Payments;
  readonly isKept: boolean;
}

/** The command line can't be used. */
export class BenchOptionsError extends Error {
  override readonly name = "BenchOptionsError";
}

export const help = `npm run bench -- [options]

Starts a Postback of its own on this machine (Kafka, Postgres, the three apps, the shop's payment service), a load
generator and a sink, each a process, and measures webhooks to the sink: throughput, latency, CPU of each process.
Needs Linux, where /proc tells the CPU. Ends what it started, and removes its data.

  --scenario <names>    events (one event, one endpoint), events-x10 (ten endpoints), order (order.place), or all of
                        these; stuck-entities (orders at saturation, with and without 10,000 entities that wait for
                        retries); hanging (ten endpoints at 20 and 60 events/s, one of them hanging in every other run;
                        runs of at most 15 s, under 3 minutes in all; 100 of 1,000 hanging:
                        tests/long/hanging-endpoints.long.test.ts); accept (the 202 of orders, single and in batches of
                        100, without processor and dispatcher); watch (event to SSE client at --rate; then events at
                        saturation, four runs with and four without 5,000 idle SSE clients, which needs 5,500 open files);
                        several with commas between (default: all)
  --seconds <n>         of each measured run (default: 20)
  --warmup <n>          seconds of load before each scenario, not counted (default: 20)
  --rate <n>            requests a second of the run on schedule (default: 200)
  --connections <n>     of the generator (default: 64)
  --outstanding <n>     deliveries that may be owed at saturation; beyond it the generator pauses (default: 256)
  --payments <who>      takes the payments of orders: stub (at once, within the processor) or service (the shop's payment
                        service, a process of its own, over HTTP) (default: stub)
  --json <file>         writes the figures there as well; those to keep go to docs/evidence/
  --check               exits with 1 when a target is missed
  --profile <app>       ingest, processor or webhook-dispatcher (again for several): a CPU profile of each run at
                        saturation goes to .postback/bench/, its hottest functions are printed
  --statements          counts the statements that Postgres works at saturation, and their time (pg_stat_statements, which
                        itself costs some 2 %)
  --keep                keeps data and logs, which stay anyway when something was lost
  --help

Exits with 1 when an accepted request had no webhook, a signature was wrong, or with --check a target was missed.`;

const parsed = {
  scenario: { type: "string", default: "all" },
  seconds: { type: "string", default: "20" },
  warmup: { type: "string", default: "20" },
  rate: { type: "string", default: "200" },
  connections: { type: "string", default: "64" },
  outstanding: { type: "string", default: "256" },
  json: { type: "string" },
  check: { type: "boolean", default: false },
  profile: { type: "string", multiple: true, default: [] as string[] },
  statements: { type: "boolean", default: false },
  payments: { type: "string", default: "stub" },
  keep: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** @returns "help" when that is wanted @throws {BenchOptionsError} that names what can't be used and what it must be */
export function readBenchOptions(args: readonly string[]): BenchOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  return {
    scenarios: scenariosOf(values.scenario),
    seconds: wholeNumber("--seconds", values.seconds, { min: 1, max: 3_600 }),
    warmupSeconds: wholeNumber("--warmup", values.warmup, { min: 1, max: 600 }),
    ratePerSecond: wholeNumber("--rate", values.rate, { min: 1, max: 20_000 }),
    connections: wholeNumber("--connections", values.connections, { min: 1, max: 1_000 }),
    outstandingMax: wholeNumber("--outstanding", values.outstanding, { min: 10, max: 100_000 }),
    jsonFile: values.json,
    isChecked: values.check,
    profiled: values.profile.map(profiledOf),
    countsStatements: values.statements,
    payments: oneOf("--payments", values.payments, paymentsKinds),
    isKept: values.keep,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: parsed }).values;
  } catch (error) {
    throw new BenchOptionsError(error instanceof Error ? error.message : String(error));
  }
}

function scenariosOf(text: string): readonly ScenarioName[] {
  if (text === "all") return ["events", "events-x10", "order"];
  return text.split(",").map((name) => oneOf("--scenario", name.trim(), askable));
}

const profiledOf = (name: string): Profilable =>
  name === "dispatcher" ? "webhook-dispatcher" : oneOf("--profile", name, profilable);

function oneOf<Name extends string>(option: string, name: string, names: readonly Name[]): Name {
  const found = names.find((each) => each === name);
  if (found !== undefined) return found;
  throw new BenchOptionsError(`${option} is ${name}; it must be one of ${names.join(", ")}.`);
}

/** @throws {BenchOptionsError} when the text is no number of the range */
export function wholeNumber(option: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new BenchOptionsError(`${option} is ${text}; it must be a whole number from ${min} to ${max}.`);
}
