import {
  AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  type Ending,
  saveCheckpoints,
  type TransactionClient,
  transact,
} from "@postback/database";
import type { Logger } from "@postback/runtime";
import { type CheckpointRequest, type DrawnCheckpoint, drawCheckpoint } from "./checkpoint-request.ts";
import { resolveAmbiguous } from "./resolve-ambiguous.ts";

/** What the work before the checkpoint came to: the checkpoint, or a reason why there is none. */
export type Attempted<T> = { request: CheckpointRequest } | { value: T; end: "rollback" | "discard" };

export type SavedInTransaction<T> =
  /** Work, state and events committed together, or, where the result isn't `saved`, none of them did. */
  | { request: CheckpointRequest; result: CheckpointResult }
  /** The transaction was rolled back. */
  | { value: T };

/**
 * One transaction: the work's own statements, then the checkpoint as the last one, if there is one.
 * @throws when nothing was saved and nothing is known of the work: Postgres went away before the end
 */
export async function saveInTransaction<T>(
  db: Database,
  work: (client: TransactionClient) => Promise<Attempted<T>>,
  logger: Logger,
): Promise<SavedInTransaction<T>> {
  const attempt = new Attempt(work);
  try {
    return attempt.settle(await transact(db, (client) => attempt.run(client)));
  } catch (error) {
    const { request } = attempt;
    if (!(error instanceof AmbiguousOutcome) || !request) {
      attempt.rollBack();
      throw error;
    }
    logger.warn({ err: error, operationId: request.row.id }, "checkpoint.ambiguous");
    return attempt.settle({ request, result: await resolveAmbiguous(db, request, error, logger) });
  }
}

/** What is known at which point of the transaction. */
class Attempt<T> {
  request: CheckpointRequest | undefined;
  #drawn: DrawnCheckpoint | undefined;
  readonly #work: (client: TransactionClient) => Promise<Attempted<T>>;

  constructor(work: (client: TransactionClient) => Promise<Attempted<T>>) {
    this.#work = work;
  }

  async run(client: TransactionClient): Promise<Ending<SavedInTransaction<T>>> {
    const attempted = await this.#work(client);
    if ("value" in attempted) return { value: { value: attempted.value }, end: attempted.end };
    const { request } = attempted;
    const drawn = drawCheckpoint(request);
    this.request = request;
    this.#drawn = drawn;
    const [result = { kind: "outdated" } as const] = await saveCheckpoints(client, [drawn.checkpoint]);
    return { value: { request, result }, end: result.kind === "saved" ? "commit" : "rollback" };
  }

  /** Decides the numbers of its events by what came of it. */
  settle(saved: SavedInTransaction<T>): SavedInTransaction<T> {
    if (!("result" in saved) || saved.result.kind !== "saved") {
      this.rollBack();
      return saved;
    }
    this.#drawn?.events.commit();
    saved.request.owned.publisher.kick();
    return saved;
  }

  rollBack(): void {
    this.#drawn?.events.rollBack();
    this.request?.owned.publisher.kick();
  }
}
