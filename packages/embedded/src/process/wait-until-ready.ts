import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { GuardedProcess } from "./guarded-process.ts";
import { tailOf } from "./log-file.ts";
import { StartFailure } from "./start-failure.ts";

const pollMs = 20;

/**
 * Waits until the log has the line that says the program is ready.
 *
 * @throws StartFailure when it ends before, or isn't ready within `timeoutMs` (it is killed then)
 */
export async function waitUntilReady(
  name: string,
  program: GuardedProcess,
  readyLine: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!readFileSync(program.logFile, "utf8").includes(readyLine)) {
    const end = program.ended();
    if (end !== undefined) throw failure(program, `${name} ${end} while starting.`);
    if (performance.now() > deadline) {
      await program.kill();
      throw failure(program, `${name} was not ready after ${timeoutMs / 1000} s.`);
    }
    await sleep(pollMs);
  }
}

function failure(program: GuardedProcess, reason: string): StartFailure {
  return new StartFailure(reason, tailOf(program.logFile), program.logFile);
}
