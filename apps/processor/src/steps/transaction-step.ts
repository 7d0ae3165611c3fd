import {
  AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  type Ending,
  saveCheckpoints,
  type TransactionClient,
  transact,
} from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import type { Logger } from "@postback/runtime";
import { type CheckpointRequest, type DrawnCheckpoint, drawCheckpoint } from "./checkpoint-request.ts";
import { resolveAmbiguous } from "./resolve-ambiguous.ts";

export interface TransactionStepOptions {
  db: Database;
  logger: Logger;
  /** Performs the step on the transaction's client. */
  perform(client: TransactionClient): Promise<PerformedStep>;
  /** The checkpoint of a step that was done. */
  afterDone(performed: PerformedStep): CheckpointRequest;
}

export type TransactionStepResult =
  /** Effect, state and events committed together, or, where the result isn't `saved`, none of them did. */
  | { kind: "checkpointed"; request: CheckpointRequest; result: CheckpointResult }
  /** The step was not done, and the transaction was rolled back: its failure is still to be saved. */
  | { kind: "not-done"; performed: PerformedStep };

/**
 * One transaction: the step's own statements, then the checkpoint as the last one.
 * @throws when nothing was saved and nothing is known of the step: Postgres went away before the end
 */
export async function runTransactionStep(options: TransactionStepOptions): Promise<TransactionStepResult> {
  const { db, logger } = options;
  const attempt = new Attempt(options);
  try {
    const result = await transact(db, (client) => attempt.run(client));
    return attempt.settle(result);
  } catch (error) {
    const { request } = attempt;
    if (!(error instanceof AmbiguousOutcome) || !request) {
      attempt.rollBack();
      throw error;
    }
    logger.warn({ err: error, operationId: request.row.id }, "checkpoint.ambiguous");
    return attempt.settle({
      kind: "checkpointed",
      request,
      result: await resolveAmbiguous(db, request, error, logger),
    });
  }
}

/** What is known at which point of the transaction. */
class Attempt {
  request: CheckpointRequest | undefined;
  #drawn: DrawnCheckpoint | undefined;
  readonly #options: TransactionStepOptions;

  constructor(options: TransactionStepOptions) {
    this.#options = options;
  }

  async run(client: TransactionClient): Promise<Ending<TransactionStepResult>> {
    const performed = await this.#options.perform(client);
    if (performed.abandoned) return { value: { kind: "not-done", performed }, end: "discard" };
    if (performed.outcome.kind !== "done") return { value: { kind: "not-done", performed }, end: "rollback" };
    const request = this.#options.afterDone(performed);
    const drawn = drawCheckpoint(request);
    this.request = request;
    this.#drawn = drawn;
    const [result = { kind: "outdated" } as const] = await saveCheckpoints(client, [drawn.checkpoint]);
    return { value: { kind: "checkpointed", request, result }, end: result.kind === "saved" ? "commit" : "rollback" };
  }

  /** Decides the numbers of its events by what came of it. */
  settle(result: TransactionStepResult): TransactionStepResult {
    const isSaved = result.kind === "checkpointed" && result.result.kind === "saved";
    if (!isSaved) {
      this.rollBack();
      return result;
    }
    this.#drawn?.events.commit();
    result.request.owned.publisher.kick();
    return result;
  }

  rollBack(): void {
    this.#drawn?.events.rollBack();
    this.request?.owned.publisher.kick();
  }
}
