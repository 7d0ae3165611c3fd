import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { startStack } from "../../packages/local-stack/src/index.ts";
import { BenchChild } from "../bench-child.ts";
import type { Progress } from "../progress.ts";
import { folders } from "../stack/folders.ts";
import type { CompareOptions } from "./options.ts";
import type { CompareOrder, CompareReport } from "./protocol.ts";
import { type SentWrites, type Side, sendWrites } from "./send-writes.ts";
import { type DoneWrites, untilDone } from "./until-done.ts";

export interface Compared extends Omit<SentWrites, "taken">, DoneWrites {
  readonly side: string;
  readonly taken: number;
}

const childStartTimeoutMs = 30_000;

/** Starts both sides, and measures one after the other, so that neither takes the other's cores. */
export async function runCompare(
  options: CompareOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly Compared[]> {
  await using opened = new AsyncDisposableStack();
  mkdirSync(folders.bench, { recursive: true });
  const folder = mkdtempSync(join(folders.bench, "compare-"));
  opened.defer(() => rmSync(folder, { recursive: true }));
  const child = async (name: string, order: CompareOrder): Promise<string> => {
    const started = opened.use(
      new BenchChild<CompareOrder, CompareReport>(name, new URL(`./${name}/main.ts`, import.meta.url)),
    );
    await started.next("ready", { withinMs: childStartTimeoutMs, signal });
    started.send(order);
    return (await started.next("listening", { withinMs: childStartTimeoutMs, signal })).url;
  };
  const serviceUrl = await child("service", { kind: "serve", answerAfterMs: options.stepMs });
  const stack = opened.use(
    await startStack({
      folder,
      profile: "load",
      catalog: "./bench/compare/catalog.ts",
      env: { COMPARE_SERVICE_URL: serviceUrl },
      onProgress: (text) => progress.say(text),
      signal,
    }),
  );
  const { databaseUrl, url, apiKey } = stack;
  const synchronousUrl = await child("synchronous", { kind: "handle", serviceUrl, databaseUrl });
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  opened.defer(() => db.end());
  const sides: readonly Side[] = [
    { name: "synchronous", url: synchronousUrl, apiKey, takenStatus: 201 },
    { name: "Postback", url, apiKey, takenStatus: 202 },
  ];
  const compared: Compared[] = [];
  for (const side of sides) compared.push(await measure(db, side, options, progress, signal));
  return compared;
}

async function measure(
  db: pg.Client,
  side: Side,
  { ratePerSecond: perSecond, seconds, warmupSeconds }: CompareOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Compared> {
  const run = async (name: string, duration: number): Promise<Compared> => {
    progress.say(`${side.name}: ${name}, ${perSecond} requests/s, ${duration} s`);
    const prefix = `${side.name}-${name}`;
    const { taken, ...sent } = await sendWrites(side, { prefix, perSecond, seconds: duration }, signal);
    return { side: side.name, ...sent, taken: taken.size, ...(await untilDone(db, prefix, taken, signal)) };
  };
  await run("warming-up", warmupSeconds);
  return await run("measured", seconds);
}
