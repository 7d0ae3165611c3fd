import { readdirSync, readFileSync } from "node:fs";
import { type MachineStat, type ProcessStat, parseMachineStat, parseProcessStat } from "./proc-stat.ts";

export interface WatchedProcess {
  readonly name: string;
  readonly pid: number;
  /** Whether its children do its work, as those of Postgres do. Default: it works alone. */
  readonly withChildren?: boolean;
  /** Whether it is a Java machine, whose compiling is told apart. Default: no. */
  readonly isJvm?: boolean;
}

/** CPU microseconds since the start of each process, by name, and those of the machine. */
export interface CpuSample {
  readonly byName: Readonly<Record<string, number>>;
  /** Of those, what Java's compilers took: it ends some minutes after the start, however many webhooks there are. */
  readonly compilingUs: number;
  readonly machine: MachineStat;
}

/** @throws when a process has ended, or there is no /proc as on Linux */
export function sampleCpu(watched: readonly WatchedProcess[]): CpuSample {
  const children = watched.some(({ withChildren }) => withChildren) ? statsIn("/proc") : [];
  const byName = Object.fromEntries(
    watched.map(({ name, pid, withChildren }) => [
      name,
      withChildren ? withChildrenUs(pid, children) : readStat(pid).ownUs,
    ]),
  );
  const compilingUs = watched.reduce((sum, { pid, isJvm }) => (isJvm ? sum + javaCompilersUs(pid) : sum), 0);
  return { byName, compilingUs, machine: parseMachineStat(readFileSync("/proc/stat", "utf8")) };
}

/** What was used between two samples, in microseconds. */
export function usedBetween(before: CpuSample, after: CpuSample): CpuSample {
  const byName = Object.entries(after.byName).map(([name, us]) => [name, us - (before.byName[name] ?? 0)]);
  return {
    byName: Object.fromEntries(byName),
    // Java ends compiler threads that it doesn't need, and their time goes from this sum.
    compilingUs: Math.max(0, after.compilingUs - before.compilingUs),
    machine: {
      busyUs: after.machine.busyUs - before.machine.busyUs,
      stolenUs: after.machine.stolenUs - before.machine.stolenUs,
    },
  };
}

/** A child that ends between two samples moves from one summand to another: nothing of it is lost. */
function withChildrenUs(pid: number, all: readonly ProcessStat[]): number {
  const root = readStat(pid);
  return all
    .filter(({ parentPid }) => parentPid === pid)
    .reduce((sum, { ownUs }) => sum + ownUs, root.ownUs + root.endedChildrenUs);
}

function javaCompilersUs(pid: number): number {
  return statsIn(`/proc/${pid}/task`)
    .filter(({ name }) => /^C[12] Compiler/.test(name))
    .reduce((sum, { ownUs }) => sum + ownUs, 0);
}

const readStat = (pid: number, folder = "/proc"): ProcessStat =>
  parseProcessStat(readFileSync(`${folder}/${pid}/stat`, "utf8"));

/** Of all processes, or of all threads of one. */
function statsIn(folder: string): ProcessStat[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readStat(Number(name), folder)];
      } catch (error) {
        // It has ended since the folder was read.
        if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return [];
        throw error;
      }
    });
}
