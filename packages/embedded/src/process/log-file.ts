import { existsSync, mkdirSync, openSync, readFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";

const tailLines = 30;

/** Opens a log for a new run; that of the run before is kept beside it as `.previous`. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file)) renameSync(file, `${file}.previous`);
  return openSync(file, "w");
}

/** The last 30 lines of a log. */
export function tailOf(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-tailLines).join("\n");
}
