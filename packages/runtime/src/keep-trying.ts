import pRetry from "p-retry";
import type { Logger } from "./logger.ts";

export interface KeepTryingOptions {
  logger: Logger;
  /** The log line of each failure, `events.not-published`, with its fields. */
  event: string;
  fields?: Record<string, unknown>;
  /** Which failures are worth another try; default all of them. The others reject. */
  shouldRetry?(error: Error): boolean;
  /** Delay after the first failure, milliseconds; doubled at each further one. Default 50. */
  firstDelayMs?: number;
  /** The longest delay, milliseconds; default 2 000. */
  delayMaxMs?: number;
  /** After this long the last failure rejects, milliseconds; default never. */
  giveUpAfterMs?: number;
}

/**
 * Tries until it succeeds: for our own infrastructure, whose outages end. With a signal it resolves to undefined once
 * that is aborted, because then nobody wants the result any more.
 */
export function keepTrying<T>(
  work: () => Promise<T>,
  options: KeepTryingOptions & { signal: AbortSignal },
): Promise<T | undefined>;
export function keepTrying<T>(work: () => Promise<T>, options: KeepTryingOptions): Promise<T>;
export async function keepTrying<T>(
  work: () => Promise<T>,
  options: KeepTryingOptions & { signal?: AbortSignal },
): Promise<T | undefined> {
  const { logger, event, fields, signal, shouldRetry = () => true } = options;
  if (signal?.aborted) return undefined;
  try {
    return await pRetry(work, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: options.firstDelayMs ?? 50,
      maxTimeout: options.delayMaxMs ?? 2_000,
      maxRetryTime: options.giveUpAfterMs ?? Number.POSITIVE_INFINITY,
      ...(signal ? { signal } : {}),
      shouldRetry: ({ error }) => shouldRetry(error),
      onFailedAttempt: ({ error, attemptNumber }) => {
        if (shouldRetry(error)) logger.warn({ ...fields, err: error, attempt: attemptNumber }, event);
      },
    });
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}
