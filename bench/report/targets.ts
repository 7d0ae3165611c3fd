import type { LatencySummary } from "../measure/histogram.ts";
import { type RunResult, systemProcesses } from "./run-result.ts";

/** What is promised, on 2 cores with the generator and the sink on the same machine. */
const targets = {
  /** The five processes of the system together, for each directly posted event's webhook, at saturation. */
  eventCpuMaxUs: 400,
  /** The same five processes together, for each of the ten webhooks of an event, at saturation: user and system time. */
  fanOutCpuMaxUs: 110,
  /** Of directly posted events with one endpoint, at saturation. */
  eventsDeliveredMinPerSecond: 2_500,
  /** Of orders with their webhook, at saturation, the payments taken by the stub. */
  ordersDeliveredMinPerSecond: 1_000,
  /** From when the request was to be sent to its 202, at 200 a second. */
  acceptMedianMaxUs: 8_000,
  /** Of single writes, and of those in batches, answered as accepted by one ingest, without processor and dispatcher. */
  acceptedMinPerSecond: { accept: 4_000, "accept-batch": 8_000 },
  /** From when an event's request was to be sent to when an SSE client had read it, at 200 a second. */
  toSseMedianMaxUs: 15_000,
  /** Of the events delivered a second, beside five thousand idle SSE clients. */
  besideWatchersMinShare: 0.95,
  /** Of the orders delivered a second, beside ten thousand entities that are stuck in retries. */
  besideStuckMinShare: 0.95,
  /** The p99 of nine endpoints beside one that hangs, to the p99 beside one that answers. */
  besideHangingMaxRatio: 1.3,
} as const;
const acceptMeasuredAtPerSecond = 200;

export interface Verdict {
  readonly target: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Those targets that the results say something about. */
export function judge(results: readonly RunResult[]): Verdict[] {
  const each = results.flatMap((result) =>
    result.load.kind === "saturation" ? judgeSaturation(result) : judgeAccept(result, result.load.perSecond),
  );
  const stuck = `stuck-entities: at least ${targets.besideStuckMinShare * 100} % of the orders delivered without them`;
  const watched = `watch: at least ${targets.besideWatchersMinShare * 100} % of the events delivered without idle watchers`;
  return [
    ...each,
    ...judgeBeside(results, "stuck", { target: stuck, minShare: targets.besideStuckMinShare }),
    ...judgeBeside(results, "watchers", { target: watched, minShare: targets.besideWatchersMinShare }),
    ...judgeHanging(results),
  ];
}

/** At each rate all runs beside the endpoint that hangs against all beside it when it answers: as many, around one another. */
function judgeHanging(results: readonly RunResult[]): Verdict[] {
  const about = results.filter(({ first }) => first !== undefined);
  const byRate = Map.groupBy(about, ({ load }) => (load.kind === "rate" ? load.perSecond : 0));
  return [...byRate].map(([perSecond, runs]) => {
    const hangs = runs.filter(({ first }) => first === "hangs");
    const answers = runs.filter(({ first }) => first === "answers");
    const ratio = meanOf(hangs, "p99Us") / meanOf(answers, "p99Us");
    const p50Ratio = meanOf(hangs, "p50Us") / meanOf(answers, "p50Us");
    return {
      target: `hanging: p99 of the other nine at most ${targets.besideHangingMaxRatio} x that without, at ${perSecond}/s`,
      measured: `${ratio.toFixed(2)} x (p50 ${p50Ratio.toFixed(2)} x)`,
      isMet: ratio <= targets.besideHangingMaxRatio,
    };
  });
}

const meanOf = (results: readonly RunResult[], percentile: "p50Us" | "p99Us"): number =>
  results.reduce((sum, { delivery }) => sum + delivery[percentile], 0) / results.length;

/** All runs with what weighs on them against all without: there are as many of both, around one another. */
function judgeBeside(
  results: readonly RunResult[],
  weight: "stuck" | "watchers",
  { target, minShare }: { target: string; minShare: number },
): Verdict[] {
  const about = results.filter((result) => result[weight] !== undefined);
  const delivered = (of: readonly RunResult[]) =>
    of.reduce((sum, { deliveredPerSecond }) => sum + deliveredPerSecond, 0);
  const without = delivered(about.filter((result) => result[weight] === 0));
  if (without === 0) return [];
  const share = delivered(about.filter((result) => result[weight] !== 0)) / without;
  return [{ target, measured: `${(share * 100).toFixed(1)} %`, isMet: share >= minShare }];
}

function judgeAccepting(scenario: "accept" | "accept-batch", acceptedPerSecond: number): Verdict {
  const min = targets.acceptedMinPerSecond[scenario];
  return {
    target: `${scenario}: at least ${min} accepted/s at saturation`,
    measured: `${Math.round(acceptedPerSecond)}/s`,
    isMet: acceptedPerSecond >= min,
  };
}

function judgeSaturation({ scenario, systemCpuUs, acceptedPerSecond, deliveredPerSecond }: RunResult): Verdict[] {
  if (scenario === "accept" || scenario === "accept-batch") return [judgeAccepting(scenario, acceptedPerSecond)];
  if (scenario === "events-x10") {
    return [
      {
        target: `events-x10: at most ${targets.fanOutCpuMaxUs} us of CPU for each webhook at saturation, of ${systemProcesses.join(", ")}`,
        measured: `${Math.round(systemCpuUs)} us`,
        isMet: systemCpuUs <= targets.fanOutCpuMaxUs,
      },
    ];
  }
  if (scenario === "order") return [judgeDelivered("order", targets.ordersDeliveredMinPerSecond, deliveredPerSecond)];
  if (scenario !== "events") return [];
  return [
    {
      target: `events: at most ${targets.eventCpuMaxUs} us of CPU for each webhook at saturation`,
      measured: `${Math.round(systemCpuUs)} us`,
      isMet: systemCpuUs <= targets.eventCpuMaxUs,
    },
    judgeDelivered("events", targets.eventsDeliveredMinPerSecond, deliveredPerSecond),
  ];
}

const judgeDelivered = (scenario: "events" | "order", minPerSecond: number, perSecond: number): Verdict => ({
  target: `${scenario}: at least ${minPerSecond} delivered/s at saturation`,
  measured: `${Math.round(perSecond)}/s`,
  isMet: perSecond >= minPerSecond,
});

function judgeAccept({ scenario, accept, toSse }: RunResult, perSecond: number): Verdict[] {
  if (perSecond !== acceptMeasuredAtPerSecond) return [];
  return [
    ...(toSse === undefined ? [] : [judgeToSse(toSse, perSecond)]),
    {
      target: `${scenario}: accepted in at most ${targets.acceptMedianMaxUs / 1e3} ms at the median at ${perSecond}/s`,
      measured: `${(accept.p50Us / 1e3).toFixed(1)} ms`,
      isMet: accept.count > 0 && accept.p50Us <= targets.acceptMedianMaxUs,
    },
  ];
}

const judgeToSse = ({ count, p50Us }: LatencySummary, perSecond: number): Verdict => ({
  target: `watch: event to SSE client in at most ${targets.toSseMedianMaxUs / 1e3} ms at the median at ${perSecond}/s`,
  measured: `${(p50Us / 1e3).toFixed(1)} ms`,
  isMet: count > 0 && p50Us <= targets.toSseMedianMaxUs,
});
