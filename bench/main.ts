/** How fast Postback is on this machine: `npm run bench -- --help`. */
import { BenchOptionsError, help, readBenchOptions } from "./options.ts";
import { runBench } from "./run-bench.ts";

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

try {
  const options = readBenchOptions(process.argv.slice(2));
  if (options === "help") console.log(help);
  else if (process.platform !== "linux") throw new BenchOptionsError("The bench needs Linux: it reads CPU from /proc.");
  else process.exitCode = (await runBench(options, stopping.signal)) ? 0 : 1;
} catch (error) {
  if (stopping.signal.aborted) process.exitCode = interruptedCode;
  else if (error instanceof BenchOptionsError) {
    console.error(`${error.message}\nSee npm run bench -- --help`);
    process.exitCode = usageCode;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
