import type { MachineFacts } from "../../scripts/dev/machine-facts.ts";
import type { LatencySummary } from "../measure/histogram.ts";
import { type RunResult, systemProcesses } from "./run-result.ts";
import { table } from "./table.ts";
import type { Verdict } from "./targets.ts";

const legend = `accept: to the 202. to webhook: to when the sink had read it. Both from when the request was sent, at a rate from when it
was due. delivered/s counts while the load was on, CPU to the last webhook and for each; accept: for each accepted write. system: the five processes of Postback, Kafka
and Postgres with all their processes. java compiling: a part of Kafka's, which ends some time after its start. others:
programs of this machine that are not the bench's. stolen: cores that the host kept from this machine.`;

/** All figures as text for people. */
export function describeResults(facts: MachineFacts, results: readonly RunResult[]): string {
  const parts = [speedTable(results), cpuTable(results), countTable(results), ...toSse(results), legend];
  return [describeFacts(facts), ...parts].join("\n\n");
}

const toSse = (results: readonly RunResult[]): string[] =>
  results.flatMap((result) => {
    if (result.toSse === undefined) return [];
    const [median, p99] = percentiles(result.toSse);
    return [`${titleOf(result)}: event to SSE client p50 ${median}, p99 ${p99}, ${result.toSse.count} events`];
  });

export function describeVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ target, measured, isMet }) => `${isMet ? "met   " : "MISSED"}  ${target}: ${measured}`)
    .join("\n");
}

function describeFacts({ at, commit, cpu, cores, memoryMb, platform, node }: MachineFacts): string {
  const memory = `${(memoryMb / 1024).toFixed(0)} GiB`;
  return `Postback ${commit} · ${at}\n${cores} × ${cpu}, ${memory}, ${platform}, Node ${node}`;
}

function speedTable(results: readonly RunResult[]): string {
  const heading = ["", "accepted/s", "delivered/s", "accept p50", "p99", "to webhook p50", "p99", "generator late p99"];
  const rows = results.map((result) => [
    titleOf(result),
    whole(result.acceptedPerSecond),
    whole(result.deliveredPerSecond),
    ...percentiles(result.accept),
    ...percentiles(result.delivery),
    result.load.kind === "rate" ? milliseconds(result.lateness.p99Us) : "-",
  ]);
  return table([heading, ...rows]);
}

function cpuTable(results: readonly RunResult[]): string {
  const around = Object.keys(results[0]?.cpuUs ?? {}).filter((name) => !systemProcesses.some((each) => each === name));
  const heading = [...systemProcesses, "system", "java compiling", ...around, "all", "busy cores", "others", "stolen"];
  const rows = results.map((result) => [
    titleOf(result),
    ...systemProcesses.map((name) => whole(result.cpuUs[name] ?? 0)),
    whole(result.systemCpuUs),
    whole(result.compilingCpuUs),
    ...around.map((name) => whole(result.cpuUs[name] ?? 0)),
    whole(result.allCpuUs),
    ...[result.busyCores, result.othersBusyCores, result.stolenCores].map((cores) => cores.toFixed(2)),
  ]);
  return table([["CPU us for each", ...heading], ...rows]);
}

function countTable(results: readonly RunResult[]): string {
  const heading = ["", "sent", "accepted", "delivered", "lost", "duplicates", "unanswered", "verified", "refused"];
  const rows = results.map((result) => [
    titleOf(result),
    ...[result.sent, result.accepted, result.delivered, result.lost, result.duplicates].map(String),
    ...[result.unanswered, result.verified].map(String),
    refusals(result.refused),
  ]);
  return table([heading, ...rows]);
}

const titleOf = ({ scenario, stuck, watchers = stuck, first, load }: RunResult): string =>
  `${scenario}${watchers === undefined ? "" : ` (${watchers})`}${first === undefined ? "" : ` (one ${first})`}, ${load.kind === "rate" ? `${load.perSecond}/s` : load.kind}`;

function refusals(refused: RunResult["refused"]): string {
  const each = Object.entries(refused).map(([why, count]) => `${count} × ${why}`);
  return each.length === 0 ? "0" : each.join(", ");
}

const percentiles = ({ p50Us, p99Us }: LatencySummary): string[] => [milliseconds(p50Us), milliseconds(p99Us)];
const milliseconds = (us: number): string => `${(us / 1e3).toFixed(1)} ms`;
const whole = (value: number): string => String(Math.round(value));
