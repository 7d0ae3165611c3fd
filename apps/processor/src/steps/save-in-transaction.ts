import {
  AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  type Ending,
  isDataFailure,
  refusedCheckpoint,
  saveCheckpointOrFail,
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

/** COMMIT refused what the work did: a constraint that is checked at the end only. Nothing of it was saved. */
export class RefusedAtCommit extends Error {}

/**
 * One transaction: the work's own statements, then the checkpoint, if there is one, together with COMMIT.
 * @throws RefusedAtCommit; any other error when nothing was saved and nothing is known of the work: Postgres went away
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
    if (!request) throw error;
    return attempt.settle({ request, result: await whatCameOf(db, request, error, logger) });
  } finally {
    attempt.rollBackUnsettled();
  }
}

async function whatCameOf(
  db: Database,
  request: CheckpointRequest,
  error: unknown,
  logger: Logger,
): Promise<CheckpointResult> {
  const refused = refusedCheckpoint(error);
  if (refused) return refused;
  if (isDataFailure(error)) throw new RefusedAtCommit("a constraint refused it at COMMIT", { cause: error });
  if (!(error instanceof AmbiguousOutcome)) throw error;
  logger.warn({ err: error, operationId: request.row.id }, "checkpoint.ambiguous");
  return await resolveAmbiguous(db, request, error, logger);
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
    this.request = request;
    const lastly = async () => {
      this.#drawn = drawCheckpoint(request);
      return { request, result: await saveCheckpointOrFail(client, this.#drawn.checkpoint) };
    };
    return { end: "commit-with", lastly };
  }

  /** Decides the numbers of its events by what came of it. */
  settle(saved: SavedInTransaction<T>): SavedInTransaction<T> {
    if (!("result" in saved) || saved.result.kind !== "saved") return saved;
    this.#drawn?.events.commit();
    this.#drawn = undefined;
    saved.request.owned.publisher.kick();
    return saved;
  }

  /** Numbers that nothing came of: none of their events was saved. */
  rollBackUnsettled(): void {
    if (!this.#drawn) return;
    this.#drawn.events.rollBack();
    this.#drawn = undefined;
    this.request?.owned.publisher.kick();
  }
}
