import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { makePlatformKey, openDatabase } from "../../packages/database/src/index.ts";
import { type Stack, startStack } from "../../packages/local-stack/src/index.ts";
import { createLogger } from "../../packages/runtime/src/index.ts";
import { apiOf } from "../dev/api.ts";
import { machineFacts } from "../dev/machine-facts.ts";
import { countAnswers } from "./count-answers.ts";
import type { FuzzOptions } from "./fuzz-options.ts";
import { describeFuzzed, type FuzzResult, faultsIn, fuzzResultOf } from "./fuzz-result.ts";
import { installSchemathesis } from "./install-schemathesis.ts";
import { makeKnownThings } from "./known-things.ts";
import { runSchemathesis } from "./run-schemathesis.ts";

/** Nobody listens there: webhooks to URLs that were made up must not leave the machine. */
const nowhere = "http://127.0.0.1:9";

/** Installs, starts, fuzzes and prints. @returns whether nothing was found @throws {PythonMissing} */
export async function runFuzz(options: FuzzOptions, signal: AbortSignal): Promise<boolean> {
  const facts = machineFacts(new Date());
  const folder = mkdtempSync(join(tmpdir(), "postback-fuzz-"));
  try {
    const result = await fuzzIn(folder, options, signal);
    const text = describeFuzzed(facts, options, result);
    console.log(`\n${text}`);
    if (options.evidenceFile !== undefined) write(options.evidenceFile, text);
    return result.findings.length === 0;
  } finally {
    if (options.keptFolder !== undefined) keep(folder, options.keptFolder);
    rmSync(folder, { recursive: true });
  }
}

async function fuzzIn(folder: string, options: FuzzOptions, signal: AbortSignal): Promise<FuzzResult> {
  if (options.program === undefined) console.error("Installing schemathesis");
  const program = resolve(options.program ?? installSchemathesis(folder));
  signal.throwIfAborted();
  await using stack = await startStack({
    folder: join(folder, "stack"),
    profile: "test",
    catalog: "./examples/shop",
    env: { SHOP_PAYMENTS_URL: "stub:", EGRESS_PROXY: nowhere },
    onProgress: (text) => console.error(text),
    signal,
  });
  const platformKey = await platformKeyOf(stack);
  const [api, platform] = [apiOf(stack), apiOf({ url: stack.url, apiKey: platformKey })];
  const known = await makeKnownThings(api, platform);
  console.error(`Fuzzing ${stack.url}`);
  const report = await runSchemathesis(options, { program, folder, stack, platformKey, known, signal });
  // Throws when one was revoked on the way: then what came after was answered 401, and tested nothing else.
  await Promise.all([api("GET", "/v1/operation-types"), platform("GET", "/v1/tenants")]);
  const answers = countAnswers(await (await fetch(`${stack.url}/metrics`)).text());
  return fuzzResultOf(report, answers, faultsIn(readFileSync(join(folder, "stack", "logs", "ingest.log"), "utf8")));
}

async function platformKeyOf({ databaseUrl }: Stack): Promise<string> {
  const logger = createLogger({ app: "fuzz", level: "warn", format: "json" });
  await using db = openDatabase({ url: databaseUrl, applicationName: "postback-fuzz", logger });
  const made = await makePlatformKey(db, { env: "dev", another: true });
  if (made.kind !== "made") throw new Error("A new installation has a key of the platform already");
  return made.apiKey;
}

/** Not the data, nor the environment that it was installed into. */
function keep(folder: string, kept: string): void {
  mkdirSync(kept, { recursive: true });
  for (const name of ["schemathesis.toml", "schemathesis.txt", "report.json", join("stack", "logs")]) {
    // What ended early has not made all of them.
    if (existsSync(join(folder, name))) cpSync(join(folder, name), join(kept, name), { recursive: true });
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, text);
}
