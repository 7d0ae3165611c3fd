import type { FailedOutcome } from "./classify-failure.ts";

/**
 * SQLSTATEs that no further attempt can help (PostgreSQL, appendix A), by class or whole code. All others are transient,
 * among them 08 connection, 40 rollback (40001 serialization, 40P01 deadlock), 53 resources, 55P03 lock timeout,
 * 57P0x shutdown, 57014 statement timeout, XX internal.
 */
const permanent: readonly string[] = [
  "21", // cardinality violation
  "22", // data exception
  "23", // integrity constraint violation
  "42", // syntax error, undefined table, missing privilege
  "44", // with check option violation
  "P0001", // raise exception: a trigger or function says no
];

/** The SQLSTATE of an error that Postgres reported, found by shape: a catalog may bring its own copy of pg. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Effects on a database are "unknown" here: only the checkpoint's own transaction is known to be rolled back. */
export function classifySqlState(sqlState: string): FailedOutcome {
  const failure = {
    code: `database-${sqlState.toLowerCase()}`,
    message: `The database refused a statement (SQLSTATE ${sqlState})`,
  };
  const isPermanent = permanent.some((prefix) => sqlState.startsWith(prefix));
  return { kind: isPermanent ? "permanent" : "transient", error: failure, effect: "unknown" };
}
