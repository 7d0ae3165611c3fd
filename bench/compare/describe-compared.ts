import type { MachineFacts } from "../../scripts/dev/machine-facts.ts";
import { table } from "../report/table.ts";
import type { CompareOptions } from "./options.ts";
import type { Compared } from "./run-compare.ts";

/** The figures as text for people. */
export function describeCompared(facts: MachineFacts, options: CompareOptions, compared: readonly Compared[]): string {
  const { at, commit, cpu, cores, node } = facts;
  const heading = ["", "answer p50", "p99", "all done p50", "p99", "taken", "refused", "not done"];
  const rows = compared.map(({ side, answer, effect, taken, refused, undone }) => [
    side,
    ...[answer.p50Us, answer.p99Us, effect.p50Us, effect.p99Us].map(milliseconds),
    String(taken),
    String(sumOf(refused)),
    String(undone),
  ]);
  return [
    `Postback ${commit} · ${at}\n${cores} × ${cpu}, Node ${node}`,
    `Three calls of ${options.stepMs} ms and two writes, ${options.ratePerSecond} requests/s for ${options.seconds} s`,
    table([heading, ...rows]),
    "Both from when a request was due. answer: to the 201 or 202. all done: to when the last write was made.",
  ].join("\n\n");
}

/** Nothing was refused or left undone. */
export const isWhole = (compared: readonly Compared[]): boolean =>
  compared.every(({ refused, undone }) => undone === 0 && sumOf(refused) === 0);

const sumOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
const milliseconds = (us: number): string => `${(us / 1e3).toFixed(1)} ms`;
