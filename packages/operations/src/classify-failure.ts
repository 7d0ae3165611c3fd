import type { StepKind, StepOutcome } from "@postback/domain";
import { classifyHttpFailure } from "./classify-http-failure.ts";
import { classifySqlState, sqlStateOf } from "./classify-sql-state.ts";
import { isRefuse, isTryLater } from "./refusal.ts";
import type { StatusMeaning } from "./step-definition.ts";

/** An outcome that is no success. */
export type FailedOutcome = Exclude<StepOutcome, { kind: "done" }>;

/**
 * What a thrown error means for its step. Only what is proven is permanent or without effect: an error that nobody knows
 * is tried again, and counts as possibly done where the step calls out. A failed transaction step is rolled back by the
 * caller, so it never leaves an effect. Messages of unknown errors may hold data and are kept out of the operation, which
 * its submitter reads; the log has them.
 */
export function classifyFailure(
  error: unknown,
  kind: StepKind,
  refusals: Readonly<Record<number, StatusMeaning>> = {},
): FailedOutcome {
  const outcome = classify(error, refusals);
  return kind === "transaction" ? { ...outcome, effect: "none" } : outcome;
}

function classify(error: unknown, refusals: Readonly<Record<number, StatusMeaning>>): FailedOutcome {
  if (isRefuse(error)) {
    return { kind: "permanent", error: { code: error.code, message: error.message }, effect: "none" };
  }
  if (isTryLater(error)) {
    const { code, message, effect, retryAfterMs } = error;
    const outcome: FailedOutcome = { kind: "transient", error: { code, message }, effect };
    return retryAfterMs === undefined ? outcome : { ...outcome, retryAfterMs };
  }
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return classifySqlState(sqlState);
  return classifyHttpFailure(error, refusals) ?? unexpected;
}

const unexpected: FailedOutcome = {
  kind: "transient",
  error: { code: "unexpected-error", message: "The step failed in a way that it doesn't name; the log has the error" },
  effect: "unknown",
};
