import type { BenchRig } from "./bench-rig.ts";
import type { BenchOptions } from "./options.ts";
import { startCounting } from "./profile/count-statements.ts";
import { startProfiling } from "./profile/profile-apps.ts";
import type { Progress } from "./progress.ts";
import type { Load } from "./protocol.ts";
import type { RunResult } from "./report/run-result.ts";
import { runLoad } from "./run-load.ts";
import { type ScenarioName, scenarios } from "./scenarios.ts";
import { registerEndpoints } from "./stack/register-endpoints.ts";
import { stockTheShop } from "./stack/stock-the-shop.ts";

export interface ScenarioContext {
  readonly rig: BenchRig;
  readonly options: BenchOptions;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Numbers of runs, each given once. */
  readonly nextRun: () => number;
  /** Of profiles, likewise. */
  readonly nextProfile: () => number;
}

export interface ScenarioOutcome {
  /** At the rate, then at saturation. */
  readonly results: readonly RunResult[];
  /** Hottest functions of what was profiled; empty when nothing was. */
  readonly profile: string;
  /** What Postgres worked at saturation; empty when it wasn't counted. */
  readonly statements: string;
}

type Run = (title: string, load: Load | "saturation", seconds: number) => Promise<RunResult>;

/** Prepares and warms up. @returns what measures one run */
export async function prepareRuns(name: ScenarioName, context: ScenarioContext): Promise<Run> {
  const { rig, options, progress, signal, nextRun } = context;
  const scenario = scenarios[name];
  if (scenario.needsStock) await stockTheShop(rig.api);
  rig.sink.send({ kind: "endpoints", secrets: await registerEndpoints(rig.api, scenario, rig.sinkPort) });
  const saturation: Load = { kind: "saturation", outstandingMax: options.outstandingMax };
  const run: Run = async (title, load, seconds) => {
    progress.say(`${name}: ${title}, ${seconds} s`);
    const asked = load === "saturation" ? saturation : load;
    const order = { run: nextRun(), scenario: name, load: asked, connections: options.connections, seconds };
    return await runLoad(rig, order, progress, signal);
  };
  await run("warming up", "saturation", options.warmupSeconds);
  return run;
}

/** Measures on schedule and at saturation. */
export async function runScenario(name: ScenarioName, context: ScenarioContext): Promise<ScenarioOutcome> {
  const { rig, options } = context;
  const run = await prepareRuns(name, context);
  const rate: Load = { kind: "rate", perSecond: options.ratePerSecond };
  const atRate = await run(`${options.ratePerSecond} requests/s`, rate, options.seconds);
  const profiling = startProfiling(rig.stack, options.profiled, name, context.nextProfile());
  const counting = options.countsStatements ? await startCounting(rig.stack.databaseUrl) : undefined;
  const saturated = await run("saturation", "saturation", options.seconds);
  const statements = (await counting?.finish(saturated.delivered)) ?? "";
  return { results: [atRate, saturated], profile: await profiling.finish(saturated.delivered), statements };
}
