import type { Json } from "./json.ts";
import type { Failure, StepEffect } from "./operation-state.ts";

/**
 * What came of one run or one compensation. `effect: "none"` says that the failure proves that this attempt changed
 * nothing (a transaction that was rolled back, a refusal, a connection that was never made); all else is "unknown".
 */
export type StepOutcome =
  | {
      readonly kind: "done";
      readonly output?: Json;
      /** The operation's result, with the outcome of its last step. */
      readonly result?: Json;
    }
  | {
      readonly kind: "transient";
      readonly error: Failure;
      readonly effect: "none" | "unknown";
      /** What the service asked for. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "permanent"; readonly error: Failure; readonly effect: "none" | "unknown" };

/** The effect of a step after one more failed run: what was possible before remains so. */
export const effectAfterFailure = (before: StepEffect, failed: "none" | "unknown"): StepEffect =>
  failed === "unknown" && before === "none" ? "possible" : before;
