import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Default 50. */
  readonly intervalMs?: number;
}

/**
 * Waits until the assertion holds: for a state, never for a time.
 *
 * @returns what the assertion returned when it held
 * @throws the assertion's last error when it doesn't hold in time, with the time in its message
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() + intervalMs > deadline) throw late(error, timeoutMs);
    }
    await sleep(intervalMs);
  }
}

/** The same error, so that the runner still shows what was expected and what was there. */
function late(error: unknown, timeoutMs: number): unknown {
  if (error instanceof Error) error.message = `not within ${timeoutMs} ms: ${error.message}`;
  return error;
}
