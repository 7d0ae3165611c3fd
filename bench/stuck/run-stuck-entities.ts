import type { RunResult } from "../report/run-result.ts";
import { prepareRuns, type ScenarioContext, type ScenarioOutcome } from "../run-scenario.ts";
import { stallEntities } from "./stall-entities.ts";

const stuckCount = 10_000;

/**
 * Orders at saturation without, with, with, and again without ten thousand entities that wait for retries: whatever gets
 * faster or slower as time goes on, or as tables grow, weighs on both the same.
 */
export async function runStuckEntities(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { rig, options, progress, signal } = context;
  const run = await prepareRuns("stuck-entities", context);
  const saturated = async (stuck: number): Promise<RunResult> => {
    const result = await run(`${stuck} stuck, saturation`, "saturation", options.seconds);
    return { ...result, stuck };
  };
  const before = await saturated(0);
  progress.say(`stuck-entities: ${stuckCount} operations whose step fails`);
  const stalled = await stallEntities(rig.stack, stuckCount, signal);
  const beside = [await saturated(stuckCount), await saturated(stuckCount)];
  progress.say("stuck-entities: their cancellation");
  await stalled.letGo();
  return { results: [before, ...beside, await saturated(0)], profile: "", statements: "" };
}
