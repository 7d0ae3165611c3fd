const systemCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
]);
/** Prisma: can't reach, timed out, closed the connection, no connection from the pool. */
const prismaCodes = new Set(["P1000", "P1001", "P1002", "P1008", "P1017", "P2024", "P2037"]);
/** SQLSTATE: connection exceptions, too many connections, shut down, can't connect now, statement timed out. */
const sqlStates = /^(08...|53300|57P0[1-4]|57014)$/;
/** pg says these without a code. */
const pgMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client (has encountered|was closed))/;
const causesMax = 4;

/** Whether an error (or one that it was caused by) means that a store is away, so that trying again makes sense. */
export function isAway(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < causesMax; at = at.cause, depth += 1) {
    const { code, retryable } = at as Error & { code?: unknown; retryable?: unknown };
    if (retryable === true || pgMessages.test(at.message)) return true;
    if (typeof code === "string" && (systemCodes.has(code) || prismaCodes.has(code) || sqlStates.test(code)))
      return true;
    if (at instanceof AggregateError && at.errors.some(isAway)) return true;
  }
  return false;
}
