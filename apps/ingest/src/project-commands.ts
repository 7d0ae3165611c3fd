import type { CommandRow, ProjectedCommand } from "@postback/database";
import type { Counter, Logger } from "@postback/runtime";
import type { IngestStore } from "./store.ts";

/** `late`: the row isn't known to exist; the processor makes it from the log. */
export type Projected = ProjectedCommand | { kind: "late" };

export interface ProjectionOptions {
  store: Pick<IngestStore, "projectCommands">;
  /** Whether the data of the rows is at fault, not the connection. */
  isDataFailure: (error: unknown) => boolean;
  logger: Logger;
  /** Counts rows, by outcome. */
  rows: Counter<"outcome">;
  /** How long a caller waits for its row, milliseconds; default 250. */
  waitMaxMs?: number;
  /**
   * The same for one under an idempotency key, milliseconds; default 2 000. Longer, because its answer depends on the
   * row: made without it, a repeated request gets an id of its own.
   */
  keyedWaitMaxMs?: number;
  /** Rows in one statement, at most; default 500. */
  batchMax?: number;
  /** Rows that wait for the statement in flight, at most; default 5 000. One more isn't projected here. */
  queuedMax?: number;
}

interface Waiting {
  row: CommandRow;
  resolve: (projected: Projected) => void;
  reject: (error: unknown) => void;
}

/**
 * Writes the rows of acknowledged commands, micro-batched: one statement is in flight, what comes meanwhile goes together
 * in the next. The log is the truth and the row its projection, so Postgres may be slow or away: a caller waits a bounded
 * time and gets `late`.
 */
export class CommandProjection {
  readonly #options: Required<ProjectionOptions>;
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: ProjectionOptions) {
    this.#options = { waitMaxMs: 250, keyedWaitMaxMs: 2_000, batchMax: 500, queuedMax: 5000, ...options };
  }

  /** @throws when the data of this very row can't be stored (SQLSTATE classes 22 and 23). */
  async project(row: CommandRow): Promise<Projected> {
    const { queuedMax, waitMaxMs, keyedWaitMaxMs, rows } = this.#options;
    if (this.#queue.length >= queuedMax) {
      rows.inc({ outcome: "skipped" });
      return { kind: "late" };
    }
    const { promise, resolve, reject } = Promise.withResolvers<Projected>();
    this.#queue.push({ row, resolve, reject });
    this.#writing ??= this.#write();
    const timer = setTimeout(resolve, row.key === undefined ? waitMaxMs : keyedWaitMaxMs, { kind: "late" });
    return promise.finally(() => clearTimeout(timer));
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  /** Begins in a microtask, so that commands that were acknowledged together share a statement. */
  async #write(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const { batch, rest } = takeBatch(this.#queue, this.#options.batchMax);
      this.#queue = rest;
      await this.#writeBatch(batch);
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { store, isDataFailure, logger, rows } = this.#options;
    try {
      const projected = await store.projectCommands(batch.map(({ row }) => row));
      rows.inc({ outcome: "written" }, batch.length);
      for (const [index, { resolve }] of batch.entries()) resolve(projected[index] ?? { kind: "late" });
    } catch (error) {
      if (isDataFailure(error)) return this.#halve(batch, error);
      rows.inc({ outcome: "unavailable" }, batch.length);
      logger.warn({ err: error, rows: batch.length }, "projection.unavailable");
      for (const { resolve } of batch) resolve({ kind: "late" });
    }
  }

  /** A row that the database can't hold fails its whole batch: halving finds it, and the others go on. */
  async #halve(batch: readonly Waiting[], error: unknown): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#options.rows.inc({ outcome: "refused" });
      this.#options.logger.error({ err: error, operationId: only.row.id }, "projection.row-refused");
      return only.reject(error);
    }
    const middle = Math.ceil(batch.length / 2);
    await this.#writeBatch(batch.slice(0, middle));
    await this.#writeBatch(batch.slice(middle));
  }
}

/** The next rows, in order. A client may send its id twice at once: the second waits, since a statement takes an id once. */
export function takeBatch<T extends { row: { tenantId: string; id: string } }>(queue: readonly T[], max: number) {
  const batch: T[] = [];
  const rest: T[] = [];
  const taken = new Set<string>();
  for (const waiting of queue) {
    const id = `${waiting.row.tenantId}/${waiting.row.id}`;
    const fits = batch.length < max && !taken.has(id);
    (fits ? batch : rest).push(waiting);
    if (fits) taken.add(id);
  }
  return { batch, rest };
}
