import { readFileSync } from "node:fs";
import { BenchOptionsError } from "../options.ts";

/** What a process may have open at once, by its `/proc/<pid>/limits`. @throws Error when the text has no such line */
export function openFilesMax(limits: string): number {
  const [, hard] = /^Max open files +\S+ +(\d+|unlimited)/m.exec(limits) ?? [];
  if (hard === undefined) throw new Error("The limits don't say how many files may be open");
  return hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Node raises its own limit to the hard one, and children have the same. @throws {BenchOptionsError} */
export function requireOpenFiles(count: number): void {
  const max = openFilesMax(readFileSync("/proc/self/limits", "utf8"));
  if (max >= count) return;
  const remedy = `Raise the hard limit: ulimit -Hn ${count}, or LimitNOFILE of the service.`;
  throw new BenchOptionsError(`A process may have ${max} files open; the scenario watch needs ${count}. ${remedy}`);
}
