import type { EventEmitter } from "node:events";
import { ConfigError } from "./config.ts";
import type { Logger } from "./logger.ts";

/** Something that runs as long as the process: it resolves when the signal is aborted and its work is drained. */
export interface Part {
  name: string;
  run(signal: AbortSignal): Promise<void>;
}

export interface RunPartsOptions {
  /** From the first signal to the end of the process, closing of resources included, milliseconds. */
  graceMs: number;
  logger: Logger;
  /** What emits SIGTERM and the like: `process`, or an emitter of a test. */
  signals?: EventEmitter;
  exit?: (code: number) => void;
}

type Ending = { part: string; error?: unknown };

/**
 * Runs the parts until SIGTERM or SIGINT, then until all are drained. A second signal, the end of the grace period, an
 * uncaught exception and an unhandled rejection end the process at once with code 1. A part that ends or throws without
 * having been told to makes the others drain, and the code is 1.
 *
 * The timer of the grace period stays armed (without holding the process) after the return: a resource that hangs while
 * `await using` closes it is cut off too.
 * @returns the exit code, for `process.exitCode`.
 */
export async function runParts(parts: readonly Part[], options: RunPartsOptions): Promise<0 | 1> {
  const { logger, graceMs, signals = process, exit = process.exit } = options;
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => {
      logger.fatal({ graceMs }, "process.grace-ended");
      exit(1);
    }, graceMs).unref();
  };
  listen(signals, { logger, exit, stopping: stopping.signal, stop });
  const unexpected: Ending[] = [];
  await Promise.all(
    parts.map(async (part) => {
      const ending = await runOne(part, stopping.signal);
      if (ending === undefined) return;
      unexpected.push(ending);
      logger.fatal({ part: ending.part, err: ending.error }, "part.ended-unexpectedly");
      stop();
    }),
  );
  logger.info({ exitCode: unexpected.length > 0 ? 1 : 0 }, "process.drained");
  return unexpected.length > 0 ? 1 : 0;
}

/**
 * Runs a process' main function and sets the exit code. What goes wrong on the way up is printed, whole, and ends it.
 * @param main resolves to the exit code once its resources are closed.
 */
export async function runMain(main: () => Promise<0 | 1>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${startFailure(error)}\n`);
    process.exit(1);
  }
}

const startFailure = (error: unknown): string =>
  error instanceof ConfigError
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);

/** @returns undefined when the part ended because it was told to. */
async function runOne(part: Part, signal: AbortSignal): Promise<Ending | undefined> {
  try {
    await part.run(signal);
    return signal.aborted ? undefined : { part: part.name, error: new Error(`part ${part.name} ended by itself`) };
  } catch (error) {
    return { part: part.name, error };
  }
}

interface Listening {
  logger: Logger;
  exit: (code: number) => void;
  stopping: AbortSignal;
  stop: () => void;
}

function listen(signals: EventEmitter, { logger, exit, stopping, stop }: Listening): void {
  const onSignal = (signal: string) => {
    if (stopping.aborted) {
      logger.fatal({ signal }, "process.second-signal");
      return exit(1);
    }
    logger.info({ signal }, "process.stopping");
    stop();
  };
  const onDefect = (message: string) => (error: unknown) => {
    logger.fatal({ err: error }, message);
    exit(1);
  };
  signals.on("SIGTERM", () => onSignal("SIGTERM"));
  signals.on("SIGINT", () => onSignal("SIGINT"));
  signals.on("uncaughtException", onDefect("process.uncaught-exception"));
  signals.on("unhandledRejection", onDefect("process.unhandled-rejection"));
}
