import type { PortLogger } from "./connection.ts";

/**
 * Waits for `work`, but no longer than `maxMs`. Says which of both came first; a failure of the work that came in time is
 * thrown, one that comes later can't be answered by anybody and is dropped.
 */
export async function within(maxMs: number, work: Promise<unknown>): Promise<"done" | "too-late"> {
  const { promise: tooLate, resolve } = Promise.withResolvers<"too-late">();
  const timer = setTimeout(() => resolve("too-late"), maxMs);
  try {
    return await Promise.race([work.then(() => "done" as const), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Like {@link within}, for endings: that it took too long or failed is logged, and the ending goes on. */
export async function tryWithin(
  maxMs: number,
  what: string,
  logger: PortLogger,
  work: Promise<unknown>,
): Promise<boolean> {
  try {
    if ((await within(maxMs, work)) === "done") return true;
    logger.warn({ maxMs }, `${what} took too long, going on without`);
  } catch (error) {
    logger.warn({ err: error }, `${what} failed, going on without`);
  }
  return false;
}
