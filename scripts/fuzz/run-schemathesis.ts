import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { z } from "zod";
import type { Stack } from "../../packages/local-stack/src/index.ts";
import type { FuzzOptions } from "./fuzz-options.ts";
import type { KnownThings } from "./known-things.ts";
import { schemathesisSettings } from "./schemathesis-settings.ts";

export const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
] as const;

/** Longer than any answer may take, and shorter than a client would stay. */
const requestTimeoutSeconds = 30;

/** Of its report what is told here. */
const reportSchema = z.object({
  schemathesis_version: z.string(),
  complete: z.boolean(),
  running_time: z.number(),
  operations: z.object({ total: z.int(), tested: z.int(), errored: z.int() }),
  test_cases: z.object({ generated: z.int(), with_failures: z.int(), errored: z.int() }),
  failures: z.array(z.object({ title: z.string(), count: z.int(), operations: z.array(z.string()) })),
  errors: z.array(z.unknown()),
});
export type SchemathesisReport = z.infer<typeof reportSchema>;

export interface SchemathesisRun {
  readonly program: string;
  /** Gets its settings, what it prints (`schemathesis.txt`) and its report. */
  readonly folder: string;
  readonly stack: Pick<Stack, "url" | "apiKey">;
  readonly platformKey: string;
  readonly known: KnownThings;
  readonly signal: AbortSignal;
}

/** Sends everything. @throws Error when it made no report: with the end of what it printed, and when its time was up */
export async function runSchemathesis(options: FuzzOptions, run: SchemathesisRun): Promise<SchemathesisReport> {
  const settings = join(run.folder, "schemathesis.toml");
  writeFileSync(settings, schemathesisSettings(run.known, { apiKey: run.stack.apiKey, platformKey: run.platformKey }));
  const printed = join(run.folder, "schemathesis.txt");
  const out = createWriteStream(printed);
  const timeUp = AbortSignal.timeout(options.secondsMax * 1e3);
  const signal = AbortSignal.any([run.signal, timeUp]);
  const child = spawn(run.program, argumentsOf(options, run, settings), {
    cwd: run.folder,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  child.stdout.pipe(out, { end: false });
  child.stderr.pipe(out, { end: false });
  try {
    await once(child, "close");
  } catch (error) {
    if (!timeUp.aborted) throw error;
    throw new Error(`schemathesis was not done after ${options.secondsMax} s: give it more (--seconds).`);
  } finally {
    out.end();
    await finished(out);
  }
  const report = reportFile(run.folder);
  if (!existsSync(report))
    throw new Error(`schemathesis made no report:\n${readFileSync(printed, "utf8").slice(-4_000)}`);
  return reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
}

const reportFile = (folder: string): string => join(folder, "report.json");

const argumentsOf = (options: FuzzOptions, { folder, stack }: SchemathesisRun, settings: string): string[] => [
  ...["--config-file", settings, "run", `${stack.url}/openapi.json`],
  ...["--checks", checks.join(",")],
  ...["--phases", "examples,coverage,fuzzing"],
  ...["--max-examples", String(options.examplesMax), "--seed", String(options.seed)],
  // What it found in an earlier run must not change this one.
  ...["--generation-database", "none"],
  // A WebSocket, which no request of its kind can open.
  ...["--exclude-path", "/v1/stream"],
  ...["--request-timeout", String(requestTimeoutSeconds), "--continue-on-failure"],
  ...["--warnings", "off", "--no-color", "--report", "json", "--report-json-path", reportFile(folder)],
];
