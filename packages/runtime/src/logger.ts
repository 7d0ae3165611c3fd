import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from "pino";
import { loggedFields } from "./logged-fields.ts";

export type { Logger } from "pino";

export interface CreateLoggerOptions {
  app: string;
  level: string;
  format: "json" | "pretty";
  /** Where lines go; stdout by default. */
  destination?: DestinationStream;
}

const valueMaxChars = 1000;
const causesMax = 3;

/**
 * A pino logger for wide lines: one a unit of work, at its end. The message is the line's name in the past tense
 * (`delivery.attempted`), the fields are those of `logged-fields.ts`; others are left out and named in `dropped`.
 */
export function createLogger({ app, level, format, destination }: CreateLoggerOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: { app, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label) => ({ level: label }), log: allowListed },
    ...(format === "pretty" ? { transport: { target: "pino-pretty", options: { ignore: "pid,app" } } } : {}),
  };
  return format === "pretty" || destination === undefined ? pino(options) : pino(options, destination);
}

/** The fields that may be logged, bounded; the names of the others are kept, their values are not. */
export function allowListed(fields: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (loggedFields.has(name)) kept[name] = bounded(value);
    else dropped.push(name);
  }
  if (dropped.length > 0) kept["dropped"] = dropped;
  return kept;
}

/**
 * What a log may say of an error. Own properties beyond these stay out: pg's `detail` holds column values, an HTTP
 * client's error its request.
 */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return describeThrown(error);
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message: bounded(error.message),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth >= causesMax ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Anything can be thrown. Who may log less of an error than stands here has taken it apart: type, message and stack. */
function describeThrown(thrown: unknown): unknown {
  if (typeof thrown !== "object" || thrown === null) return { message: bounded(String(thrown)) };
  const { type, message, stack } = thrown as Record<string, unknown>;
  if (typeof message !== "string")
    return { message: bounded(`an object was thrown: ${Object.keys(thrown).join(", ")}`) };
  return { type, message: bounded(message), stack };
}

const bounded = (value: unknown): unknown =>
  typeof value === "bigint"
    ? value.toString()
    : typeof value === "string" && value.length > valueMaxChars
      ? `${value.slice(0, valueMaxChars)}…`
      : value;
