import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type GuardedProcess, startGuarded, tailOf } from "@postback/embedded";
import { checkout } from "../checkout.ts";
import { appGraceMs } from "./app-environment.ts";
import { AppStartFailure } from "./app-start-failure.ts";
import { whyNotReady } from "./why-not-ready.ts";

export type AppName = "ingest" | "processor" | "webhook-dispatcher";

export interface AppProcess {
  readonly name: AppName;
  /** From 0, among the processes of the same app. */
  readonly index: number;
  /** Of the present run. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Has `/livez`, `/readyz` and `/metrics`; without a slash at its end. */
  readonly healthUrl: string;
  /** Of the present run; that of the run before has `.previous` behind its name. */
  readonly logFile: string;
  /** Sends a signal (SIGKILL as a crash, SIGSTOP as a hung machine); nothing when it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Waits until it has ended, and says how: `ended with SIGKILL`. */
  waitForExit(): Promise<string>;
  /** Runs it again, on the same port with the same environment; does not wait until it is ready. @throws when it runs */
  start(): void;
  /** Waits until `/readyz` says so. @throws AppStartFailure when it ends before, or is late */
  ready(): Promise<void>;
  /** Asks it to end; killed when it doesn't in time. */
  stop(): Promise<void>;
}

export interface AppPlan {
  readonly name: AppName;
  readonly index: number;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Options of Node. */
  readonly nodeOptions: readonly string[];
}

/** From a cold file cache on a busy machine. */
const readyTimeoutMs = 60_000;
const pollMs = 25;
const killAfterMs = appGraceMs + 1_000;

/** Starts an app. It ends with this process, however that ends. */
export function startApp(plan: AppPlan): AppProcess {
  const healthUrl = `http://127.0.0.1:${plan.port}`;
  let run = spawnApp(plan);
  return {
    name: plan.name,
    index: plan.index,
    healthUrl,
    logFile: plan.logFile,
    get pid() {
      return run.pid;
    },
    get isRunning() {
      return run.ended() === undefined;
    },
    kill: (signal) => {
      if (run.ended() === undefined) process.kill(run.pid, signal);
    },
    waitForExit: () => untilEnded(run),
    start: () => {
      if (run.ended() === undefined) throw new Error(`${plan.name} runs already (process ${run.pid})`);
      run = spawnApp(plan);
    },
    ready: () => untilReady(titleOf(plan), run, healthUrl),
    stop: () => run.stop(killAfterMs),
  };
}

/** `ingest`; further ones are counted, `ingest-2`. */
export const titleOf = ({ name, index }: Pick<AppPlan, "name" | "index">): string =>
  index === 0 ? name : `${name}-${index + 1}`;

function spawnApp({ name, env, logFile, nodeOptions }: AppPlan): GuardedProcess {
  const run = startGuarded({
    command: process.execPath,
    args: [...nodeOptions, join(checkout, "apps", name, "src", "main.ts")],
    logFile,
    stopSignal: "SIGTERM",
    env: { ...process.env, ...env },
  });
  // A signal to process -1 would reach every process of this user.
  if (run.pid <= 0) throw new Error(`${name} could not be run: the system gave it no process`);
  return run;
}

async function untilEnded(run: GuardedProcess): Promise<string> {
  for (;;) {
    const end = run.ended();
    if (end !== undefined) return end;
    await sleep(pollMs);
  }
}

async function untilReady(title: string, run: GuardedProcess, healthUrl: string): Promise<void> {
  const failure = (reason: string) => new AppStartFailure(reason, tailOf(run.logFile), run.logFile);
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    const reason = await whyNotReady(healthUrl);
    if (reason === undefined) return;
    const end = run.ended();
    if (end !== undefined) throw failure(`${title} ${end} while starting.`);
    if (performance.now() > deadlineMs) {
      throw failure(`${title} was not ready after ${readyTimeoutMs / 1000} s: ${reason}.`);
    }
    await sleep(pollMs);
  }
}
