import { setTimeout as sleep } from "node:timers/promises";
import type { FirstEndpoint } from "../protocol.ts";
import type { RunResult } from "../report/run-result.ts";
import { runLoad } from "../run-load.ts";
import type { ScenarioContext, ScenarioOutcome } from "../run-scenario.ts";
import { scenarios } from "../scenarios.ts";
import { registerEndpoint } from "../stack/register-endpoints.ts";

const scenario = scenarios.hanging;
const ratesPerSecond = [20, 60] as const;
/** Whatever gets slower as time goes on weighs on both the same. */
const order: readonly FirstEndpoint[] = ["answers", "hangs", "hangs", "answers"];
/** The default deadline of a webhook: what hangs does so for the whole run, and no breaker frees its slots. */
const runMaxSeconds = 15;
/** Until what was for the endpoint that hung is discarded. */
const restMs = 3_000;

/**
 * Nine endpoints beside a tenth that answers, hangs, hangs, and again answers, at each rate. The tenth is another one in each
 * run, of which nothing is known yet; that of before is disabled, so that nothing of it goes on.
 */
export async function runHanging(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { rig, options } = context;
  const others: string[] = [];
  for (let endpoint = 1; endpoint < scenario.endpoints; endpoint += 1) {
    others.push((await registerEndpoint(rig.api, scenario, rig.sinkPort, endpoint)).secret);
  }
  const seconds = Math.min(options.seconds, runMaxSeconds);
  await runBeside(
    context,
    "answers",
    { perSecond: Math.max(...ratesPerSecond), seconds: options.warmupSeconds },
    others,
  );
  const results: RunResult[] = [];
  for (const perSecond of ratesPerSecond) {
    for (const first of order) results.push(await runBeside(context, first, { perSecond, seconds }, others));
  }
  return { results, profile: "", statements: "" };
}

/** One run at a rate. @param others secrets of the endpoints beside the first */
async function runBeside(
  { rig, options, progress, signal, nextRun }: ScenarioContext,
  first: FirstEndpoint,
  { perSecond, seconds }: { perSecond: number; seconds: number },
  others: readonly string[],
): Promise<RunResult> {
  const { id, secret } = await registerEndpoint(rig.api, scenario, rig.sinkPort, 0);
  rig.sink.send({ kind: "endpoints", secrets: [secret, ...others] });
  progress.say(`hanging: one of ten ${first}, ${perSecond} events/s, ${seconds} s`);
  const load = { kind: "rate", perSecond } as const;
  const asked = { run: nextRun(), scenario: scenario.name, load, connections: options.connections, seconds, first };
  const result = await runLoad(rig, asked, progress, signal);
  await rig.api("PATCH", `/v1/endpoints/${id}`, { enabled: false });
  await sleep(restMs, undefined, { signal });
  return result;
}
