import {
  AmbiguousOutcome,
  admitOutbox,
  type Database,
  endBackend,
  inOneStatement,
  loadOperation,
  loadOutbox,
  type OperationRow,
  type OutboxAdmission,
  type OutboxRow,
} from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { toQueued } from "../queues/to-queued.ts";
import { type DrawnOutbox, drawOutbox } from "./draw-outbox.ts";

export interface OutboxRelayOptions {
  db: Database;
  lose(owned: OwnedPartition): void;
  onAdmitted(count: number): void;
  logger: Logger;
}

/** Rows in one statement, at most. */
const batchMax = 200;

/**
 * Takes writes whose sync steps ingest has done to their positions, in the order in which they were committed for each
 * entity (design §3.2): from then on they are operations like all others, and their events are told.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  /** Partitions that wait for their turn: what comes meanwhile goes with them. */
  readonly #waiting = new Set<OwnedPartition>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  /** Something may be in the outbox of the partition: admits it in turn with what comes from the log. */
  kick(owned: OwnedPartition): void {
    if (this.#waiting.has(owned)) return;
    this.#waiting.add(owned);
    const work = owned.admitting
      .use(() => {
        this.#waiting.delete(owned);
        return this.admit(owned);
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Resolves when nothing that was begun is still under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /**
   * Admits all that is in the partition's outbox now. Only for who has the turn of `owned.admitting`: positions have to be
   * queued in the order in which they were drawn.
   * @returns how many rows it took out
   */
  async admit(owned: OwnedPartition): Promise<number> {
    let count = 0;
    for (let goesOn = true; goesOn; ) {
      const rows = await this.#untilDone(owned, () => loadOutbox(this.#options.db, owned.partition, batchMax));
      if (rows === undefined || rows.length === 0) return count;
      const admitted = await this.#untilDone(owned, () => this.#admitOnce(owned, rows));
      if (admitted === undefined) return count;
      if (admitted.kind === "fenced") {
        this.#options.lose(owned);
        return count;
      }
      for (const row of admitted.operations) enqueue(owned, row);
      this.#options.onAdmitted(admitted.operations.length);
      count += admitted.operations.length;
      goesOn = rows.length === batchMax || admitted.operations.length < rows.length;
    }
    return count;
  }

  /** Each try draws anew: what one that failed has drawn is skipped. */
  async #admitOnce(owned: OwnedPartition, rows: readonly OutboxRow[]): Promise<OutboxAdmission> {
    let drawn: DrawnOutbox | undefined;
    try {
      const admission = await inOneStatement(this.#options.db, (client) => {
        drawn = drawOutbox(owned, rows);
        return admitOutbox(client, owned, drawn.places, drawn.events);
      });
      return decide(owned, drawn, admission);
    } catch (error) {
      if (error instanceof AmbiguousOutcome && drawn !== undefined) {
        return decide(owned, drawn, await this.#resolve(owned, drawn, error));
      }
      decide(owned, drawn, undefined);
      throw error;
    }
  }

  /**
   * The answer was lost: the statement's connection is ended first, then a row with the very position that was drawn says
   * that it committed. Where none has, nothing was done, and the rows are loaded again.
   */
  async #resolve(owned: OwnedPartition, drawn: DrawnOutbox, lost: AmbiguousOutcome): Promise<OutboxAdmission> {
    const { db, logger } = this.#options;
    logger.warn({ err: lost, partition: owned.partition }, "outbox.ambiguous");
    const look = async (): Promise<OutboxAdmission> => {
      if (lost.backendPid !== undefined) await endBackend(db, lost.backendPid);
      const found = await Promise.all(drawn.places.map(({ tenantId, id }) => loadOperation(db, tenantId, id)));
      const operations = found.flatMap((row, index) => {
        const isOurs = row !== undefined && row.position === drawn.places[index]?.position;
        return isOurs ? [row] : [];
      });
      return { kind: "admitted", operations };
    };
    return (await this.#untilDone(owned, look)) ?? { kind: "fenced" };
  }

  #untilDone<T>(owned: OwnedPartition, work: () => Promise<T>): Promise<T | undefined> {
    const fields = { partition: owned.partition };
    return keepTrying(work, {
      logger: this.#options.logger,
      event: "outbox.not-admitted",
      fields,
      signal: owned.lost.signal,
    });
  }
}

/** Decides the numbers of the events by what came of the statement, which was done wholly or not at all. */
function decide(owned: OwnedPartition, drawn: DrawnOutbox | undefined, admission: OutboxAdmission): OutboxAdmission;
function decide(owned: OwnedPartition, drawn: DrawnOutbox | undefined, admission: undefined): undefined;
function decide(
  owned: OwnedPartition,
  drawn: DrawnOutbox | undefined,
  admission: OutboxAdmission | undefined,
): OutboxAdmission | undefined {
  const isDone = admission?.kind === "admitted" && admission.operations.length > 0;
  if (isDone) drawn?.commit();
  else drawn?.rollBack();
  owned.publisher.kick();
  return admission;
}

function enqueue(owned: OwnedPartition, row: OperationRow): void {
  if (row.completedAt === null) owned.queues.add(toQueued(row, false));
}
