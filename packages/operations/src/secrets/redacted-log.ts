import type { StepLog } from "../step-context.ts";
import { redactDeep } from "./redact.ts";

/** A log whose lines are redacted before they are written. */
export function redactedLog(log: StepLog, redact: (text: string) => string): StepLog {
  const at = (level: keyof StepLog) => (fields: object, message?: string) =>
    log[level](redactDeep(fields, redact), message === undefined ? undefined : redact(message));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
