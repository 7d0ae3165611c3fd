import type { LatencySummary } from "../measure/histogram.ts";
import type { CpuSample } from "../measure/sample-cpu.ts";
import { SequenceSet } from "../measure/sequence-set.ts";
import type { FirstEndpoint, GeneratorResult, Load, RunOrder, SinkResult } from "../protocol.ts";
import { type ScenarioName, scenarios } from "../scenarios.ts";

/** What the targets are about; the rest that runs stands for the world around it. */
export const systemProcesses = ["ingest", "processor", "webhook-dispatcher", "kafka", "postgres"] as const;

/** The figures of one run. CPU is in microseconds for each delivered webhook, without endpoints for each accepted write. */
export interface RunResult {
  readonly scenario: ScenarioName;
  /** Entities that were stuck in retries meanwhile, where the run is about that. */
  readonly stuck?: number;
  /** What the endpoint did meanwhile that isn't in the figures, where the run is about that. */
  readonly first?: FirstEndpoint;
  /** Idle SSE clients meanwhile, where the run is about that. */
  readonly watchers?: number;
  /** From when an event's request was to be sent to when an SSE client had read it, where one was there. */
  readonly toSse?: LatencySummary;
  readonly load: Load;
  readonly seconds: number;
  readonly sent: number;
  /** Writes: of a batch each. */
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Webhooks, each once for its endpoint. */
  readonly delivered: number;
  readonly webhookIds: number;
  readonly duplicates: number;
  /** Owed to an endpoint for an accepted request, and not arrived. */
  readonly lost: number;
  /** Arrived for a request that wasn't answered 202, as may be when the answer got lost. */
  readonly unanswered: number;
  readonly verified: number;
  readonly wrong: readonly string[];
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly accept: LatencySummary;
  readonly delivery: LatencySummary;
  readonly lateness: LatencySummary;
  readonly cpuUs: Readonly<Record<string, number>>;
  /** The part of Kafka's that Java's compilers took. */
  readonly compilingCpuUs: number;
  readonly systemCpuUs: number;
  readonly allCpuUs: number;
  /** Of the time from the first request to the last webhook. */
  readonly busyCores: number;
  /** Of these, what other programs of this machine used. */
  readonly othersBusyCores: number;
  /** Cores that the host gave to other machines while this one wanted them. */
  readonly stolenCores: number;
}

export interface Measured {
  readonly order: RunOrder;
  readonly generator: GeneratorResult;
  readonly sink: SinkResult;
  /** Used from the first request to the last webhook. */
  readonly cpu: CpuSample;
  readonly elapsedSeconds: number;
}

export function resultOf({ order, generator, sink, cpu, elapsedSeconds }: Measured): RunResult {
  const accepted = SequenceSet.fromText(generator.accepted);
  const arrived = sink.arrived.map((text) => SequenceSet.fromText(text));
  const delivered = sink.delivery.count;
  const { endpoints, writesEach = 1 } = scenarios[order.scenario];
  const writes = accepted.size * writesEach;
  const units = Math.max(1, endpoints === 0 ? writes : delivered);
  const cpuUs = Object.fromEntries(Object.entries(cpu.byName).map(([name, us]) => [name, us / units]));
  const oursUs = sum(Object.values(cpu.byName));
  const cores = (us: number): number => us / 1e6 / elapsedSeconds;
  return {
    scenario: order.scenario,
    ...(order.first === undefined ? {} : { first: order.first }),
    load: order.load,
    seconds: order.seconds,
    sent: generator.sent,
    accepted: writes,
    refused: generator.refused,
    delivered,
    webhookIds: sink.webhookIds,
    duplicates: sink.duplicates,
    lost: sum(arrived.map((each) => accepted.countMissingFrom(each))),
    unanswered: sum(arrived.map((each) => each.countMissingFrom(accepted))),
    verified: sink.verified,
    wrong: sink.wrong,
    acceptedPerSecond: writes / order.seconds,
    deliveredPerSecond: sink.arrivedInTime / order.seconds,
    accept: generator.accept,
    delivery: sink.delivery,
    lateness: generator.lateness,
    cpuUs,
    compilingCpuUs: cpu.compilingUs / units,
    systemCpuUs: sum(systemProcesses.map((name) => cpuUs[name] ?? 0)),
    allCpuUs: sum(Object.values(cpuUs)),
    busyCores: cores(cpu.machine.busyUs),
    othersBusyCores: Math.max(0, cores(cpu.machine.busyUs - oursUs)),
    stolenCores: cores(cpu.machine.stolenUs),
  };
}

/** What must not be, whatever the speed; empty when all is well. */
export function faultsOf({ scenario, load, accepted, lost, wrong, verified, toSse }: RunResult): string[] {
  const where = `${scenario} at ${load.kind}`;
  return [
    ...(accepted === 0 ? [`${where}: nothing was accepted`] : []),
    ...(lost > 0 ? [`${where}: ${lost} webhooks of accepted requests never arrived`] : []),
    ...(verified === 0 && scenarios[scenario].endpoints > 0 ? [`${where}: no signature was verified`] : []),
    ...(toSse !== undefined && toSse.count !== accepted
      ? [`${where}: ${toSse.count} of ${accepted} events reached the SSE client`]
      : []),
    ...wrong.map((what) => `${where}: ${what}`),
  ];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
