import {
  AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  inOneStatement,
  isDataFailure,
  saveCheckpoints,
} from "@postback/database";
import type { Logger } from "@postback/runtime";
import { type CheckpointRequest, type DrawnCheckpoint, drawCheckpoint } from "./checkpoint-request.ts";
import { resolveAmbiguous } from "./resolve-ambiguous.ts";

interface Pending {
  readonly request: CheckpointRequest;
  resolve(result: CheckpointResult): void;
  reject(error: unknown): void;
}

const batchMax = 200;
/** Statements under way at once: while one waits for its commit to reach the disk the next one is already worked. */
const inFlightMax = 2;

/**
 * Saves checkpoints that need no transaction of their own (steps that call out, retries, ends) together: what comes while
 * statements are under way goes in the next one, so that one commit serves many operations.
 */
export class Checkpointer {
  readonly #db: Database;
  readonly #logger: Logger;
  readonly #waiting: Pending[] = [];
  #inFlight = 0;

  constructor(db: Database, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
  }

  /**
   * Resolves when it is known what came of it; an answer that was lost is read from the row.
   * @throws when it was not saved: Postgres can't be asked, or refuses the data (SQLSTATE 22, 23)
   */
  save(request: CheckpointRequest): Promise<CheckpointResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < inFlightMax && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      this.#inFlight += 1;
      void this.#saveBatch(batch).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
    }
  }

  async #saveBatch(batch: readonly Pending[]): Promise<void> {
    let drawn: readonly DrawnCheckpoint[] = [];
    try {
      const results = await inOneStatement(this.#db, (client) => {
        drawn = batch.map(({ request }) => drawCheckpoint(request));
        return saveCheckpoints(
          client,
          drawn.map(({ checkpoint }) => checkpoint),
        );
      });
      for (const [index, pending] of batch.entries()) settle(pending, drawn[index], results[index]);
    } catch (error) {
      if (error instanceof AmbiguousOutcome && drawn.length > 0) return this.#ambiguous(batch, drawn, error);
      for (const [index, { request }] of batch.entries()) rollBack(request, drawn[index]);
      await this.#refused(batch, error);
    }
  }

  async #ambiguous(
    batch: readonly Pending[],
    drawn: readonly DrawnCheckpoint[],
    error: AmbiguousOutcome,
  ): Promise<void> {
    this.#logger.warn({ err: error, rows: batch.length }, "checkpoint.ambiguous");
    for (const [index, pending] of batch.entries()) {
      settle(pending, drawn[index], await resolveAmbiguous(this.#db, pending.request, error, this.#logger));
    }
  }

  /** Nothing was saved. Where the data of one is at fault the others are saved without it. */
  async #refused(batch: readonly Pending[], error: unknown): Promise<void> {
    if (!isDataFailure(error) || batch.length === 1) {
      for (const { reject } of batch) reject(error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#saveBatch(batch.slice(0, half));
    await this.#saveBatch(batch.slice(half));
  }
}

function settle(pending: Pending, drawn: DrawnCheckpoint | undefined, result: CheckpointResult | undefined): void {
  if (result === undefined || result.kind !== "saved") {
    rollBack(pending.request, drawn);
    return pending.resolve(result ?? { kind: "outdated" });
  }
  drawn?.events.commit();
  pending.request.owned.publisher.kick();
  pending.resolve(result);
}

function rollBack({ owned }: CheckpointRequest, drawn: DrawnCheckpoint | undefined): void {
  drawn?.events.rollBack();
  owned.publisher.kick();
}
