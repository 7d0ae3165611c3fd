import type { RunResult } from "./run-result.ts";

/** What is promised, on 2 cores with the generator and the sink on the same machine. */
const targets = {
  /** The five processes of the system together, for each directly posted event's webhook, at saturation. */
  eventCpuMaxUs: 400,
  /** Of directly posted events with one endpoint, at saturation. */
  eventsDeliveredMinPerSecond: 2_500,
  /** From when the request was to be sent to its 202, at 200 a second. */
  acceptMedianMaxUs: 8_000,
  /** Of the orders delivered a second, beside ten thousand entities that are stuck in retries. */
  besideStuckMinShare: 0.95,
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
  return [...each, ...judgeStuck(results)];
}

/** All runs with stuck entities against all without: there are as many of both, around one another. */
function judgeStuck(results: readonly RunResult[]): Verdict[] {
  const about = results.filter(({ stuck }) => stuck !== undefined);
  const delivered = (of: readonly RunResult[]) =>
    of.reduce((sum, { deliveredPerSecond }) => sum + deliveredPerSecond, 0);
  const without = delivered(about.filter(({ stuck }) => stuck === 0));
  if (without === 0) return [];
  const share = delivered(about.filter(({ stuck }) => stuck !== 0)) / without;
  return [
    {
      target: `stuck-entities: at least ${targets.besideStuckMinShare * 100} % of the orders delivered without them`,
      measured: `${(share * 100).toFixed(1)} %`,
      isMet: share >= targets.besideStuckMinShare,
    },
  ];
}

function judgeSaturation({ scenario, systemCpuUs, deliveredPerSecond }: RunResult): Verdict[] {
  if (scenario !== "events") return [];
  return [
    {
      target: `events: at most ${targets.eventCpuMaxUs} us of CPU for each webhook at saturation`,
      measured: `${Math.round(systemCpuUs)} us`,
      isMet: systemCpuUs <= targets.eventCpuMaxUs,
    },
    {
      target: `events: at least ${targets.eventsDeliveredMinPerSecond} delivered/s at saturation`,
      measured: `${Math.round(deliveredPerSecond)}/s`,
      isMet: deliveredPerSecond >= targets.eventsDeliveredMinPerSecond,
    },
  ];
}

function judgeAccept({ scenario, accept }: RunResult, perSecond: number): Verdict[] {
  if (perSecond !== acceptMeasuredAtPerSecond) return [];
  return [
    {
      target: `${scenario}: accepted in at most ${targets.acceptMedianMaxUs / 1e3} ms at the median at ${perSecond}/s`,
      measured: `${(accept.p50Us / 1e3).toFixed(1)} ms`,
      isMet: accept.count > 0 && accept.p50Us <= targets.acceptMedianMaxUs,
    },
  ];
}
