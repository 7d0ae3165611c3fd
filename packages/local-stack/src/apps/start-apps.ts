import { join } from "node:path";
import { freePorts } from "@postback/embedded";
import type { StackOptions } from "../stack.ts";
import { type AppSettings, appEnvironment } from "./app-environment.ts";
import { appMemory } from "./app-memory.ts";
import { type AppName, type AppPlan, type AppProcess, startApp, titleOf } from "./app-process.ts";

const appNames: readonly AppName[] = ["ingest", "processor", "webhook-dispatcher"];

/** What to run: each app with its port, the first ingest on the port that was asked for. */
export async function planApps(options: StackOptions, settings: AppSettings): Promise<AppPlan[]> {
  const wanted = appNames.flatMap((name) =>
    Array.from({ length: options.apps?.[name] ?? 1 }, (_, index) => ({ name, index })),
  );
  const ports = await freePorts(wanted.length);
  const { nodeOptions, env } = appMemory(options.profile);
  return wanted.map(({ name, index }, at) => {
    const isApi = name === "ingest" && index === 0;
    const port = (isApi ? options.port : undefined) ?? ports[at] ?? 0;
    return {
      name,
      index,
      port,
      env: { ...env, ...appEnvironment(name, port, settings, options), ...options.envOf?.(name, index) },
      logFile: join(options.folder, "logs", `${titleOf({ name, index })}.log`),
      nodeOptions,
    };
  });
}

/** Starts them side by side; resolves when all are ready. @throws AppStartFailure of the first that fails */
export async function startApps(
  plans: readonly AppPlan[],
  { onStarted, onReady }: { onStarted(app: AppProcess): void; onReady(app: AppProcess): void },
): Promise<void> {
  const apps = plans.map((plan) => {
    const app = startApp(plan);
    onStarted(app);
    return app;
  });
  await Promise.all(
    apps.map(async (app) => {
      await app.ready();
      onReady(app);
    }),
  );
}
