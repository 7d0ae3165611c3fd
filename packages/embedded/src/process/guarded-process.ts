import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openLog } from "./log-file.ts";

/**
 * Runs a program that never outlives its parent, not even one that was killed with SIGKILL: a subshell waits for the
 * end of the pipe whose other end only the parent holds, then asks the program to end, and after 10 s kills it.
 * The shell becomes the program (`exec`), so its process id is the program's. The signal goes to the process group,
 * whose id can't be given to another program while the subshell is in it.
 */
const guard = `
exec 3<&0
(
  trap '' TERM INT QUIT HUP
  while read -r _ <&3; do :; done
  kill -s "$1" -- "-$$"
  left=50
  while [ "$left" -gt 0 ] && kill -0 "$$"; do sleep 0.2; left=$((left - 1)); done
  kill -s KILL -- "-$$"
) >/dev/null 2>&1 &
shift
exec "$@" </dev/null 3<&-
`;

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface GuardedProcess {
  readonly pid: number;
  readonly logFile: string;
  /** How it ended; undefined while it runs. */
  ended(): string | undefined;
  /** Asks it to end; after `graceMs` it is killed. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Ends it at once, as a crash would. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a program whose output goes to a log file and that ends with this process at the latest. */
export function startGuarded(program: GuardedCommand): GuardedProcess {
  const log = openLog(program.logFile);
  const child = spawnGuarded(program, log);
  closeSync(log);
  let end: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => finish(`ended with ${signal ?? `code ${code}`}`));
    child.once("error", (error) => finish(`could not be run: ${error.message}`));
    function finish(how: string): void {
      end = how;
      resolve();
    }
  });
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (end === undefined) child.kill(name);
    await ended;
  };
  return {
    pid: child.pid ?? -1,
    logFile: program.logFile,
    ended: () => end,
    kill: () => signal("SIGKILL"),
    stop: async (graceMs) => {
      const timer = new AbortController();
      const late = sleep(graceMs, "late", { signal: timer.signal }).catch(() => "cancelled");
      const how = await Promise.race([signal(program.stopSignal), late]);
      timer.abort();
      if (how === "late") await signal("SIGKILL");
    },
  };
}

function spawnGuarded({ command, args, stopSignal, env = process.env }: GuardedCommand, log: number): ChildProcess {
  // Windows has no sh: there the program is a plain child, and outlives a parent that is killed.
  if (process.platform === "win32") return spawn(command, args, { env, stdio: ["ignore", log, log] });
  const signalName = stopSignal.slice("SIG".length);
  return spawn("/bin/sh", ["-c", guard, "sh", signalName, command, ...args], {
    env,
    // Of its own group, so that Ctrl-C in a terminal reaches the supervisor alone and it can end things in order.
    detached: true,
    stdio: ["pipe", log, log],
  });
}
