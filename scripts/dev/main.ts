/** The second half of `npm start`, in the Node of the lock file: see scripts/start.mjs for the help. */
import { DevOptionsError, readDevOptions } from "./dev-options.ts";
import { explainFailure } from "./explain-failure.ts";
import { runDev } from "./run-dev.ts";
import { onStopSignals } from "./stop-signals.ts";

const stopMaxMs = 10_000;
const interruptedCode = 130;

const stopping = new AbortController();
/** Ends at once what runs; grows while things are started. */
const killers: (() => void)[] = [];

function endNow(code: number): never {
  for (const kill of killers) kill();
  process.exit(code);
}

onStopSignals({
  first: () => {
    console.log("\nStopping (Ctrl-C again: at once)");
    stopping.abort();
    setTimeout(() => endNow(1), stopMaxMs).unref();
  },
  second: () => endNow(interruptedCode),
});

try {
  await runDev(readDevOptions(process.argv.slice(2), process.env), { signal: stopping.signal, killers });
  console.log("Stopped. The data is kept: npm start goes on from here.");
  process.exit(0);
} catch (error) {
  if (stopping.signal.aborted) process.exit(0);
  const text = error instanceof DevOptionsError ? error.message : explainFailure(error);
  console.error(`\nPostback did not start: ${text}`);
  process.exit(1);
}
