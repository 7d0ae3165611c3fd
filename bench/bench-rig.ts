import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Stack, type StackOptions, startStack } from "../packages/local-stack/src/index.ts";
import { type Api, apiOf } from "../scripts/dev/api.ts";
import { BenchChild } from "./bench-child.ts";
import type { WatchedProcess } from "./measure/sample-cpu.ts";
import type { BenchOptions } from "./options.ts";
import { countingStatements } from "./profile/count-statements.ts";
import { profilerEnvironment } from "./profile/profile-apps.ts";
import type { Progress } from "./progress.ts";
import type { GeneratorOrder, GeneratorReport, SinkOrder, SinkReport } from "./protocol.ts";
import { folders } from "./stack/folders.ts";
import { startPayments } from "./stack/start-payments.ts";

/** The shop takes every payment at once then, without a service (examples/shop/README.md). */
const paymentsStub = "stub:";
const childStartTimeoutMs = 30_000;

/** Where a rig differs from a whole Postback of one process each. */
export interface RigDifferences {
  readonly apps?: StackOptions["apps"];
  /** Further environment of every app. */
  readonly env?: Readonly<Record<string, string>>;
}

/** All that runs during the bench. */
export interface BenchRig extends AsyncDisposable {
  readonly stack: Stack;
  readonly api: Api;
  readonly generator: BenchChild<GeneratorOrder, GeneratorReport>;
  readonly sink: BenchChild<SinkOrder, SinkReport>;
  readonly sinkPort: number;
  /** Whose CPU is counted, the bench's own too. */
  readonly watched: readonly WatchedProcess[];
  /** Data and logs. */
  readonly folder: string;
  /** Leaves the folder where it is. */
  keepFolder(): void;
}

/** Starts the system, then the world around it. Nothing is left running when that fails; its folder stays then. */
export async function startRig(
  options: BenchOptions,
  progress: Progress,
  signal: AbortSignal,
  { apps = {}, env: further = {} }: RigDifferences = {},
): Promise<BenchRig> {
  await using opened = new AsyncDisposableStack();
  mkdirSync(folders.bench, { recursive: true });
  const folder = mkdtempSync(join(folders.bench, "run-"));
  const payments = options.payments === "service" ? opened.use(await startPayments(join(folder, "logs"))) : undefined;
  const env = {
    SHOP_PAYMENTS_URL: payments?.url ?? paymentsStub,
    ...profilerEnvironment(options.profiled),
    ...further,
  };
  const onProgress = (text: string) => progress.say(text);
  const stack = opened.use(
    await startStack({
      folder,
      profile: "load",
      catalog: "./examples/shop,./bench/stuck/catalog.ts",
      env,
      apps,
      onProgress,
      signal,
      ...(options.countsStatements && { postgresSettings: countingStatements }),
    }),
  );
  const generator = opened.use(
    new BenchChild<GeneratorOrder, GeneratorReport>("generator", new URL("./generator/main.ts", import.meta.url)),
  );
  await generator.next("ready", { withinMs: childStartTimeoutMs, signal });
  generator.send({ kind: "target", url: stack.url, apiKey: stack.apiKey });
  const sink = opened.use(new BenchChild<SinkOrder, SinkReport>("sink", new URL("./sink/main.ts", import.meta.url)));
  const { port: sinkPort } = await sink.next("listening", { withinMs: childStartTimeoutMs, signal });

  const running = opened.move();
  let isKept = options.isKept;
  return {
    stack,
    api: apiOf(stack),
    generator,
    sink,
    sinkPort,
    folder,
    watched: [
      ...stack.processes().map(({ name, pid }) => ({
        name,
        pid,
        withChildren: name === "postgres",
        isJvm: name === "kafka",
      })),
      ...(payments ? [{ name: "payments", pid: payments.pid }] : []),
      { name: "generator", pid: generator.pid },
      { name: "sink", pid: sink.pid },
      { name: "bench", pid: process.pid },
    ],
    keepFolder: () => {
      isKept = true;
    },
    [Symbol.asyncDispose]: async () => {
      await running.disposeAsync();
      if (isKept) progress.say(`Data and logs are kept in ${folder}`);
      else rmSync(folder, { recursive: true });
    },
  };
}
