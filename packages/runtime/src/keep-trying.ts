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
  const { signal, giveUpAfterMs = Number.POSITIVE_INFINITY } = options;
  if (signal?.aborted) return undefined;
  const beganMs = performance.now();
  try {
    const value = await work();
    return signal?.aborted ? undefined : value;
  } catch (error) {
    const leftMs = Math.max(0, giveUpAfterMs - (performance.now() - beganMs));
    return await tryAgain(error, work, { ...options, giveUpAfterMs: leftMs });
  }
}

/** The first try has failed. It was made without p-retry, whose options and signal cost more than most work that succeeds. */
async function tryAgain<T>(
  failure: unknown,
  work: () => Promise<T>,
  { logger, event, fields, signal, shouldRetry = () => true, ...times }: KeepTryingOptions & { signal?: AbortSignal },
): Promise<T | undefined> {
  const again = (attempt: number) => (attempt === 1 ? Promise.reject(failure) : work());
  try {
    return await pRetry(again, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: times.firstDelayMs ?? 50,
      maxTimeout: times.delayMaxMs ?? 2_000,
      maxRetryTime: times.giveUpAfterMs ?? Number.POSITIVE_INFINITY,
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
