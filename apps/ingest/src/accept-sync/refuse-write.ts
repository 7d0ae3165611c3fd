import { Refusal } from "../refusal.ts";
import type { SyncRun } from "./run-sync-steps.ts";

type Failed = Extract<SyncRun, { kind: "failed" }>;

export const entityBusy = (operationId: string): Refusal =>
  new Refusal(
    "entity-busy",
    `The operation ${operationId} of this entity has not ended; nothing was done. Try again when it has.`,
  );

/** Seconds after which a step that was at work has mostly ended. */
const retryAfterSeconds = 1;

/** A write that goes ahead of what is queued met a step that didn't end in time, or no owner that lets its entity rest. */
export const entityAtWork = (): Refusal =>
  new Refusal("entity-busy", "A step of this entity is at work; nothing was done. Try again.", { retryAfterSeconds });

/** What a sync step that isn't done means for the caller: its transaction was rolled back, so nothing of it stays. */
export function refusalOfStep({ step, outcome }: Failed): Refusal {
  const { code, message } = outcome.error;
  if (outcome.kind === "permanent") {
    return new Refusal("step-refused", `The step ${step} refused: ${message}. Nothing was done.`, {
      step: { code, message, step },
    });
  }
  const afterSeconds = Math.max(1, Math.ceil((outcome.retryAfterMs ?? 0) / 1000));
  const detail = `The step ${step} can't be done now (${code}); nothing was done. Try again.`;
  return new Refusal("unavailable", detail, {
    retryAfterSeconds: afterSeconds,
    cause: new Error(`${code}: ${message}`),
  });
}

/** A constraint that is checked at the end of the transaction alone: no single step is to blame. */
export const refusedAtCommit = (sqlState: string, step: string): Refusal => {
  const message = `The database refused the whole (SQLSTATE ${sqlState})`;
  return new Refusal("step-refused", `${message}. Nothing was done.`, {
    step: { code: `database-${sqlState.toLowerCase()}`, message, step },
  });
};

/** Serialization failures and deadlocks (SQLSTATE 40001, 40P01): the same at once again mostly works. */
export const isConflict = ({ outcome }: Failed): boolean => /^database-40(?:001|p01)$/.test(outcome.error.code);
