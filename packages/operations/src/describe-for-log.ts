import { classifyHttpFailure } from "./classify-http-failure.ts";
import { sqlStateOf } from "./classify-sql-state.ts";
import { isRefuse, isTryLater } from "./refusal.ts";

const databaseFields = ["schema", "table", "column", "constraint", "dataType", "routine"] as const;

/**
 * What may be logged of an error that a step threw. Errors of databases carry rows, those of HTTP calls URLs, headers and
 * bodies: of both only allow-listed fields are taken. What nobody foresaw keeps message and stack, or nobody could mend it.
 */
export function describeForLog(error: unknown): Readonly<Record<string, unknown>> {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return { sqlState, ...databaseFieldsOf(error as object) };
  if (isRefuse(error) || isTryLater(error) || classifyHttpFailure(error, {}) !== undefined) return {};
  if (!(error instanceof Error)) return { thrown: typeof error };
  return { err: { type: error.name, message: error.message, stack: error.stack } };
}

const databaseFieldsOf = (error: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(error).filter(([key]) => databaseFields.some((field) => field === key)));
