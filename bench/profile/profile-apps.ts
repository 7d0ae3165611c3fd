import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../../packages/local-stack/src/index.ts";
import type { Profilable } from "../options.ts";
import { table } from "../report/table.ts";
import { folders } from "../stack/folders.ts";
import { hottestFunctions } from "./hottest-functions.ts";

const shownCount = 25;
const writtenTimeoutMs = 30_000;
const pollMs = 100;

/** Environment of the apps, so that those named can be profiled. */
export function profilerEnvironment(apps: readonly Profilable[]): Record<string, string> {
  if (apps.length === 0) return {};
  mkdirSync(folders.bench, { recursive: true });
  return {
    NODE_OPTIONS: `--import=${new URL("./profiler.ts", import.meta.url).href}`,
    BENCH_PROFILE_APPS: apps.join(","),
    BENCH_PROFILE_FOLDER: folders.bench,
  };
}

export interface Profiling {
  /** Writes the profiles. @returns the hottest functions of each app, as text; empty when none is profiled */
  finish(deliveries: number): Promise<string>;
}

/** Profiles the apps from now on. @param run counted from 1, for each app alike */
export function startProfiling(stack: Stack, apps: readonly Profilable[], title: string, run: number): Profiling {
  const written = (app: Profilable) => join(folders.bench, `${app}-${run}.cpuprofile`);
  for (const app of apps) {
    rmSync(written(app), { force: true });
    signal(stack, app);
  }
  return {
    finish: async (deliveries) => {
      for (const app of apps) signal(stack, app);
      const texts = apps.map(async (app) => {
        const file = join(folders.bench, `${title}-${app}.cpuprofile`);
        await untilThere(written(app));
        await rename(written(app), file);
        return describeProfile(`${app}, ${title}: ${file}`, readFileSync(file, "utf8"), deliveries);
      });
      return (await Promise.all(texts)).join("\n\n");
    },
  };
}

function signal(stack: Stack, name: Profilable): void {
  for (const app of stack.apps) if (app.name === name) app.kill("SIGUSR2");
}

async function untilThere(file: string): Promise<void> {
  const deadline = AbortSignal.timeout(writtenTimeoutMs);
  while (!existsSync(file)) await sleep(pollMs, undefined, { signal: deadline });
}

function describeProfile(title: string, text: string, deliveries: number): string {
  const hot = hottestFunctions(JSON.parse(text), shownCount);
  const rows = hot.map(({ place, selfUs }) => [place, (selfUs / Math.max(1, deliveries)).toFixed(1)]);
  return `Hottest functions of ${title}\n${table([["", "own us for each webhook"], ...rows])}`;
}
