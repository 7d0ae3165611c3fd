import { BenchChild } from "../bench-child.ts";
import type { BenchRig } from "../bench-rig.ts";
import type { RunResult } from "../report/run-result.ts";
import { prepareRuns, type ScenarioContext, type ScenarioOutcome } from "../run-scenario.ts";
import { scenarios } from "../scenarios.ts";
import { requireOpenFiles } from "./open-files.ts";
import type { WatchersOrder, WatchersReport } from "./protocol.ts";

const watchersCount = 5_000;
/** Beside the streams: requests, Kafka, Postgres. */
const openFilesNeeded = watchersCount + 500;
const openedWithinMs = 60_000;
const answeredWithinMs = 10_000;
/** Load that isn't counted after thousands of streams were opened or closed: what that leaves behind is done by then. */
const leadInSeconds = 15;
/** Times without, with, with, without: throughput drifts as code is compiled and tables grow, by more than the bound. */
const rounds = 2;

/** All streams of the bench are of one key. */
export const watchEnvironment = { STREAMS_PER_KEY_MAX: String(watchersCount + 100) } as const;

type Watchers = BenchChild<WatchersOrder, WatchersReport>;

/**
 * Events on schedule with an SSE client that is told all of them; then at saturation without, with, with, and again without
 * five thousand SSE clients that are told nothing, twice: whatever changes as time goes on weighs on both the same.
 */
export async function runWatch(context: ScenarioContext): Promise<ScenarioOutcome> {
  requireOpenFiles(openFilesNeeded);
  const { rig, options, progress, signal } = context;
  await using watchers = await startWatchers(rig, signal);
  const watched = [...rig.watched, { name: "watchers", pid: watchers.pid }];
  const run = await prepareRuns("watch", { ...context, rig: { ...rig, watched } });
  const ask = asking(watchers, signal);

  await ask({ kind: "follow", type: scenarios.watch.told }, "following");
  const rate = { kind: "rate", perSecond: options.ratePerSecond } as const;
  const atRate = await run(`${options.ratePerSecond} requests/s`, rate, options.seconds);
  const { latency: toSse } = await ask({ kind: "unfollow" }, "followed");
  const saturated = async (count: number): Promise<RunResult> => {
    const result = await run(`${count} idle watchers, saturation`, "saturation", options.seconds);
    const { open } = await ask({ kind: "count-idle" }, "idle");
    if (open !== count) throw new Error(`${open} of ${count} idle SSE clients were open at the end of the run`);
    return { ...result, watchers: count };
  };
  const leadIn = () => run("lead-in, not counted", "saturation", leadInSeconds);
  const results: RunResult[] = [{ ...atRate, toSse }];
  for (let round = 0; round < rounds; round += 1) {
    const before = await saturated(0);
    progress.say(`watch: opening ${watchersCount} SSE clients`);
    await ask({ kind: "open-idle", count: watchersCount }, "idle");
    await leadIn();
    const beside = [await saturated(watchersCount), await saturated(watchersCount)];
    await ask({ kind: "close-idle" }, "idle");
    await leadIn();
    results.push(before, ...beside, await saturated(0));
  }
  return { results, profile: "", statements: "" };
}

async function startWatchers({ stack }: BenchRig, signal: AbortSignal): Promise<Watchers> {
  await using opened = new AsyncDisposableStack();
  const file = new URL("./main.ts", import.meta.url);
  const watchers = opened.use(new BenchChild<WatchersOrder, WatchersReport>("watchers", file));
  await watchers.next("ready", { withinMs: answeredWithinMs, signal });
  watchers.send({ kind: "target", url: stack.url, apiKey: stack.apiKey });
  opened.move();
  return watchers;
}

/** Gives an order and waits for the report that answers it. */
const asking =
  (watchers: Watchers, signal: AbortSignal) =>
  async <Kind extends WatchersReport["kind"]>(order: WatchersOrder, kind: Kind) => {
    const withinMs = order.kind === "open-idle" ? openedWithinMs : answeredWithinMs;
    const report = watchers.next(kind, { withinMs, signal });
    watchers.send(order);
    return await report;
  };
