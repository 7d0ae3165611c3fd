import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { machineFacts } from "../scripts/dev/machine-facts.ts";
import { acceptApps, runAccept } from "./accept/run-accept.ts";
import { type RigDifferences, startRig } from "./bench-rig.ts";
import { runHanging } from "./hanging/run-hanging.ts";
import type { BenchOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { describeResults, describeVerdicts } from "./report/describe-results.ts";
import { faultsOf } from "./report/run-result.ts";
import { judge } from "./report/targets.ts";
import { runScenario, type ScenarioContext, type ScenarioOutcome } from "./run-scenario.ts";
import type { ScenarioName } from "./scenarios.ts";
import { runStuckEntities } from "./stuck/run-stuck-entities.ts";
import { runWatch, watchEnvironment } from "./watch/run-watch.ts";

/** Runs all that was asked for and prints it. @returns whether nothing was lost and, if checked, no target missed */
export async function runBench(options: BenchOptions, signal: AbortSignal): Promise<boolean> {
  const facts = machineFacts(new Date());
  const outcomes = await measureAll(options, signal);
  const results = outcomes.flatMap((outcome) => outcome.results);
  const faults = results.flatMap(faultsOf);
  const verdicts = judge(results);
  for (const { profile } of outcomes) if (profile !== "") console.log(`\n${profile}`);
  for (const { statements } of outcomes) if (statements !== "") console.log(`\n${statements}`);
  console.log(`\n${describeResults(facts, results)}`);
  if (verdicts.length > 0) console.log(`\n${describeVerdicts(verdicts)}`);
  for (const fault of faults) console.log(`FAULT   ${fault}`);
  if (options.jsonFile !== undefined) writeJson(options.jsonFile, { facts, options, results, verdicts, faults });
  return faults.length === 0 && (!options.isChecked || verdicts.every(({ isMet }) => isMet));
}

/** Those that need other apps, or others of their settings, on a Postback of their own. */
const ofTheirOwn: Partial<Record<ScenarioName, { rig: RigDifferences; run: RunScenario }>> = {
  accept: { rig: { apps: acceptApps }, run: runAccept },
  watch: { rig: { env: watchEnvironment }, run: runWatch },
};

type RunScenario = (context: ScenarioContext) => Promise<ScenarioOutcome>;

async function measureAll(options: BenchOptions, signal: AbortSignal): Promise<ScenarioOutcome[]> {
  const together = options.scenarios.filter((name) => ofTheirOwn[name] === undefined).map(runOf);
  const outcomes = together.length === 0 ? [] : await measureOn({}, together, options, signal);
  for (const name of options.scenarios) {
    const own = ofTheirOwn[name];
    if (own !== undefined) outcomes.push(...(await measureOn(own.rig, [own.run], options, signal)));
  }
  return outcomes;
}

async function measureOn(
  differences: RigDifferences,
  runs: readonly RunScenario[],
  options: BenchOptions,
  signal: AbortSignal,
): Promise<ScenarioOutcome[]> {
  const progress = new Progress();
  await using rig = await startRig(options, progress, signal, differences);
  const context = { rig, options, progress, signal, nextRun: counter(), nextProfile: counter() };
  const outcomes: ScenarioOutcome[] = [];
  for (const run of runs) outcomes.push(await run(context));
  if (outcomes.some(({ results }) => results.some((result) => faultsOf(result).length > 0))) rig.keepFolder();
  return outcomes;
}

function runOf(name: ScenarioName): RunScenario {
  if (name === "stuck-entities") return runStuckEntities;
  return name === "hanging" ? runHanging : (context) => runScenario(name, context);
}

function counter(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}

function writeJson(file: string, content: object): void {
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  console.log(`\nWritten to ${path}`);
}
