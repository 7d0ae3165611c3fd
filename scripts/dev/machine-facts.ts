import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { folders } from "./folders.ts";

/** What figures can only be compared with. */
export interface MachineFacts {
  readonly at: string;
  /** Short hash, with `+changes` when files differ from it. */
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly platform: string;
  readonly node: string;
}

export function machineFacts(now: Date): MachineFacts {
  return {
    at: now.toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    platform: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
  };
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folders.checkout, encoding: "utf8" }).trim();
    const isChanged = git("status", "--porcelain") !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${isChanged ? "+changes" : ""}`;
  } catch (error) {
    // A copy without history, or a machine without git: the figures are still true.
    return `of unknown commit (${error instanceof Error ? error.message.split("\n")[0] : String(error)})`;
  }
}
