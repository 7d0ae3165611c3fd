import type { AttemptOutcome } from "@postback/domain";

/** No connection was made; `outcome` is what the attempt ends with. */
export class NoConnectionError extends Error {
  override readonly name = "NoConnectionError";
  readonly code = "ERR_NO_CONNECTION";
  readonly outcome: AttemptOutcome;

  constructor(message: string, outcome: AttemptOutcome, cause?: Error) {
    super(message, { cause });
    this.outcome = outcome;
  }
}
