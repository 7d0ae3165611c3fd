/** The same write synchronously and through Postback: `npm run compare -- --help`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { machineFacts } from "../../scripts/dev/machine-facts.ts";
import { BenchOptionsError } from "../options.ts";
import { Progress } from "../progress.ts";
import { describeCompared, isWhole } from "./describe-compared.ts";
import { type CompareOptions, help, readCompareOptions } from "./options.ts";
import { runCompare } from "./run-compare.ts";

const usageCode = 2;
const interruptedCode = 130;
/** What hasn't stopped so long after a signal ends with this process. */
const stopMaxMs = 10_000;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping.abort();
    setTimeout(() => process.exit(interruptedCode), stopMaxMs).unref();
  });
}

async function compare(options: CompareOptions): Promise<boolean> {
  const facts = machineFacts(new Date());
  const compared = await runCompare(options, new Progress(), stopping.signal);
  console.log(`\n${describeCompared(facts, options, compared)}`);
  if (options.jsonFile !== undefined) {
    const path = resolve(options.jsonFile);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ facts, options, compared }, undefined, 2)}\n`);
    console.log(`\nWritten to ${path}`);
  }
  return isWhole(compared);
}

try {
  const options = readCompareOptions(process.argv.slice(2));
  if (options === "help") console.log(help);
  else process.exitCode = (await compare(options)) ? 0 : 1;
} catch (error) {
  if (stopping.signal.aborted) process.exitCode = interruptedCode;
  else if (error instanceof BenchOptionsError) {
    console.error(`${error.message}\nSee npm run compare -- --help`);
    process.exitCode = usageCode;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
