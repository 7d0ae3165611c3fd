import { startProfiling } from "../profile/profile-apps.ts";
import { prepareRuns, type ScenarioContext, type ScenarioOutcome } from "../run-scenario.ts";

/** What runs: neither processor nor dispatcher, whose work would be on the same cores and behind by minutes afterwards. */
export const acceptApps = { processor: 0, "webhook-dispatcher": 0 } as const;

/** Requests in flight: a batch is as much work as its writes are. */
const batchConnections = 4;

/**
 * The 202 alone, at saturation: single writes, then batches. Beside ingest run Kafka and Postgres, where ingest writes
 * the row of each write, and the generator; nothing carries the writes out.
 */
export async function runAccept(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { rig, options } = context;
  const batched = { ...context, options: { ...options, connections: batchConnections } };
  const profiles: string[] = [];
  const results = [];
  for (const [name, each] of [
    ["accept", context],
    ["accept-batch", batched],
  ] as const) {
    const run = await prepareRuns(name, each);
    const profiling = startProfiling(rig.stack, options.profiled, name, context.nextProfile());
    const result = await run("saturation", "saturation", options.seconds);
    results.push(result);
    profiles.push(await profiling.finish(result.accepted));
  }
  return { results, profile: profiles.filter((text) => text !== "").join("\n"), statements: "" };
}
