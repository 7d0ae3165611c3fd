import { setTimeout as sleep } from "node:timers/promises";
import type { AppProcess } from "../../packages/local-stack/src/index.ts";
import type { Say } from "./progress.ts";

const countedMs = 60_000;
const crashesMax = 5;
const pauseMs = 500;

export interface KeptApps {
  /** Ends the apps in order and runs them again; resolves when they are ready, or have said why not. */
  restart(): Promise<void>;
}

/**
 * Runs an app again when it ends by itself, as an orchestrator would: after a crash, a kill -9, a consumer that stood
 * still. One that ends more than 5 times in a minute stays down until a restart.
 */
export function keepRunning(apps: readonly AppProcess[], { say, signal }: { say: Say; signal: AbortSignal }): KeptApps {
  let restarting: Promise<void> | undefined;
  const readyAgain = async (app: AppProcess): Promise<void> => {
    app.start();
    await app.ready().catch((error: unknown) => say(String(error)));
  };
  const watch = async (app: AppProcess): Promise<void> => {
    const crashes: number[] = [];
    while (!signal.aborted) {
      const end = await app.waitForExit();
      await restarting;
      if (signal.aborted) return;
      if (app.isRunning) continue;
      crashes.push(performance.now());
      const isHopeless = crashes.filter((atMs) => atMs > performance.now() - countedMs).length > crashesMax;
      say(`${app.name} ${end}${isHopeless ? ` again and again: see ${app.logFile}` : ": started again"}`);
      if (isHopeless) return;
      await sleep(pauseMs);
      if (!signal.aborted && !app.isRunning) await readyAgain(app);
    }
  };
  for (const app of apps) void watch(app);
  return {
    restart: () => {
      restarting = Promise.all(
        apps.map(async (app) => {
          await app.stop();
          if (!signal.aborted) await readyAgain(app);
        }),
      ).then(() => undefined);
      return restarting;
    },
  };
}
