import type { AttemptOutcome } from "../delivery/after-attempt.ts";
import { isFailureOfReceiver } from "../lane/breaker.ts";

/** What attempts at one endpoint, in the order of their ends, say of it. Times are milliseconds since 1970. */
export type AttemptTally = {
  /** One of them succeeded; what failed before it no longer counts. */
  readonly succeeded: boolean;
  /** Those that failed after the last success. */
  readonly failures?: {
    readonly count: number;
    /** Of these, those that speak against the receiver's health. */
    readonly receiverCount: number;
    readonly firstAtMs: number;
    readonly lastAtMs: number;
  };
};

/** The tally with one more attempt. */
export function tallied(tally: AttemptTally | undefined, outcome: AttemptOutcome, atMs: number): AttemptTally {
  if (outcome.kind === "accepted") return { succeeded: true };
  const before = tally?.failures;
  return {
    succeeded: tally?.succeeded ?? false,
    failures: {
      count: (before?.count ?? 0) + 1,
      receiverCount: (before?.receiverCount ?? 0) + (isFailureOfReceiver(outcome) ? 1 : 0),
      firstAtMs: before?.firstAtMs ?? atMs,
      lastAtMs: atMs,
    },
  };
}
