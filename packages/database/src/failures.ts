/** SQLSTATE of an error of `pg`, if it is one. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The data itself is at fault (classes 22, 23): trying again can't help, halving the batch finds the row. */
export function isDataFailure(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && (state.startsWith("22") || state.startsWith("23"));
}

/**
 * The server itself said no, so nothing took effect. Not so where it was ending the connection (57P…), had trouble of
 * its own (58, XX) or the connection had some (08): what was asked may have been done before.
 */
export function wasRefused(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && !/^(?:08|57P|58|XX)/.test(state);
}
