import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRig } from "./bench-rig.ts";
import { nowUs } from "./measure/clock.ts";
import { sampleCpu, usedBetween } from "./measure/sample-cpu.ts";
import type { Progress } from "./progress.ts";
import type { RunOrder } from "./protocol.ts";
import { type RunResult, resultOf } from "./report/run-result.ts";

/** Until both children know of the run. */
const leadUs = 100_000;
/** Answers time out after 15 s, so a generator that takes longer than this is stuck. */
const generatorMarginMs = 30_000;
/** What isn't delivered so long after the load has ended is lost: the first retry of a webhook comes after 5 s. */
const drainMaxMs = 60_000;
/** Outcomes are written after the webhook was answered, in batches; that work belongs to the run. */
const settleMs = 300;
const reportTimeoutMs = 10_000;
const pollMs = 20;

export type LoadOf = Omit<RunOrder, "startAtUs">;

/** Puts load on, waits until all that was accepted is delivered, and gives the figures. */
export async function runLoad(
  rig: BenchRig,
  load: LoadOf,
  progress: Progress,
  signal: AbortSignal,
): Promise<RunResult> {
  const { generator, sink, watched } = rig;
  const order: RunOrder = { ...load, startAtUs: nowUs() + leadUs };
  let delivered = 0;
  let accepted = 0;
  using _sink = sink.onReport((report) => {
    if (report.kind !== "progress" || report.run !== order.run) return;
    delivered = report.delivered;
    generator.send({ kind: "delivered", run: order.run, count: delivered });
  });
  using _generator = generator.onReport((report) => {
    if (report.kind === "progress" && report.run === order.run) accepted = report.accepted;
  });
  using _progress = progress.follow(() => `  ${accepted} accepted, ${delivered} webhooks delivered`);

  sink.send({ kind: "run", order });
  generator.send({ kind: "run", order });
  const before = sampleCpu(watched);
  const ranWithinMs = order.seconds * 1e3 + generatorMarginMs;
  const { result: generated } = await generator.next("ran", { withinMs: ranWithinMs, signal });
  const measure = async (): Promise<RunResult> => {
    await sleep(settleMs, undefined, { signal });
    const cpu = usedBetween(before, sampleCpu(watched));
    const elapsedSeconds = (nowUs() - order.startAtUs) / 1e6;
    const arrived = sink.next("result", { withinMs: reportTimeoutMs, signal });
    sink.send({ kind: "report" });
    return resultOf({ order, generator: generated, sink: (await arrived).result, cpu, elapsedSeconds });
  };
  const deadlineMs = performance.now() + drainMaxMs;
  const isPast = () => performance.now() > deadlineMs;
  let result = await measure();
  while (result.lost > 0 && !isPast()) {
    const wanted = result.delivered + result.lost;
    // A webhook that nobody is owed may be among those that arrive: whether any is still missing is looked at again.
    while (delivered < wanted && !isPast()) await sleep(pollMs, undefined, { signal });
    result = await measure();
  }
  return result;
}
