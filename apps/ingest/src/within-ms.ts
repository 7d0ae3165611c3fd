/** A store didn't answer in time; what was asked may still be done. */
class TookTooLong extends Error {
  override readonly name = "TookTooLong";
  readonly code = "took-too-long";
  readonly retryable = true;
}

/**
 * Waits for `work`, but no longer than `maxMs`.
 * @throws {TookTooLong} retryable
 */
export async function withinMs<T>(maxMs: number, work: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TookTooLong(`no answer within ${maxMs} ms`)), maxMs);
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
