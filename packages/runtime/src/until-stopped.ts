/**
 * Lasts until the signal is aborted, or until `ending` rejects, which then rejects this; `stop` runs before either is told.
 * @param ending rejects when what runs has ended for good by itself
 */
export async function untilStopped(
  signal: AbortSignal,
  ending: Promise<never>,
  stop: () => Promise<void>,
): Promise<void> {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  try {
    await Promise.race([told, ending]);
  } finally {
    await stop();
  }
}
