import type { Logger } from "./logger.ts";
import { sleepUnlessAborted } from "./sleep-unless-aborted.ts";

export interface RepeatOptions {
  /** Between the end of one look and the next, milliseconds. */
  intervalMs: number;
  signal: AbortSignal;
  logger: Logger;
  /** The log line of a look that failed, `requests.not-read`; the next one comes all the same. */
  event: string;
}

/** Does the work again and again, the first time after one interval, until it is stopped. */
export async function repeatUntilStopped(
  work: () => Promise<void>,
  { intervalMs, signal, logger, event }: RepeatOptions,
): Promise<void> {
  while (!signal.aborted) {
    await sleepUnlessAborted(intervalMs, signal);
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error }, event);
    }
  }
}
