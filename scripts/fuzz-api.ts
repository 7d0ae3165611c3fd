/** Sends the HTTP API what it doesn't expect: `npm run fuzz -- --help`. */
import { FuzzOptionsError, help, readFuzzOptions } from "./fuzz/fuzz-options.ts";
import { PythonMissing } from "./fuzz/install-schemathesis.ts";
import { runFuzz } from "./fuzz/run-fuzz.ts";

const usageCode = 2;
const interruptedCode = 130;
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());

try {
  const options = readFuzzOptions(process.argv.slice(2));
  if (options === "help") console.log(help);
  else process.exitCode = (await runFuzz(options, stopping.signal)) ? 0 : 1;
} catch (error) {
  if (stopping.signal.aborted) process.exit(interruptedCode);
  const isTheirs = error instanceof FuzzOptionsError || error instanceof PythonMissing;
  console.error(isTheirs ? `${error.message}\nSee npm run fuzz -- --help` : error);
  process.exitCode = error instanceof FuzzOptionsError ? usageCode : 1;
}
