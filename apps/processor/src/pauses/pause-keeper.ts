import { type Database, grantPauses, loadPauses } from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { Slots } from "../steps/slots.ts";

export interface PauseKeeperOptions {
  db: Database;
  lose(owned: OwnedPartition): void;
  logger: Logger;
}

/** Keeps what is known of partitions' pauses as their rows have it, and grants those that are asked for. */
export class PauseKeeper {
  readonly #options: PauseKeeperOptions;
  /** Looks at a partition come one after another: each says what has ended since the one before. */
  readonly #turns = new WeakMap<OwnedPartition, Slots>();
  /** Partitions that wait for their turn: what comes meanwhile is seen with them. */
  readonly #waiting = new Set<OwnedPartition>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: PauseKeeperOptions) {
    this.#options = options;
  }

  /** Something may have changed: looks, and grants. */
  kick(owned: OwnedPartition): void {
    if (this.#waiting.has(owned)) return;
    this.#waiting.add(owned);
    const work = this.look(owned).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Resolves when nothing that was begun is still under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Resolves when the partition's rows are known, or it is lost. Before its first steps, they have to be. */
  look(owned: OwnedPartition): Promise<void> {
    return this.#turnOf(owned).use(() => {
      this.#waiting.delete(owned);
      return this.#lookOnce(owned);
    });
  }

  #turnOf(owned: OwnedPartition): Slots {
    const turn = this.#turns.get(owned) ?? new Slots(1);
    this.#turns.set(owned, turn);
    return turn;
  }

  async #lookOnce(owned: OwnedPartition): Promise<void> {
    const { db, logger } = this.#options;
    const { partition, pauses } = owned;
    const rows = await keepTrying(() => loadPauses(db, partition), {
      logger,
      event: "pauses.not-read",
      fields: { partition },
      signal: owned.lost.signal,
    });
    if (rows === undefined) return;
    pauses.found(rows);
    const ids = pauses.granting();
    if (ids.length > 0) await this.#grant(owned, ids);
  }

  async #grant(owned: OwnedPartition, ids: readonly string[]): Promise<void> {
    const { db, lose, logger } = this.#options;
    try {
      const grant = await grantPauses(db, owned, ids);
      if (grant.kind === "fenced") lose(owned);
      else owned.pauses.settle(ids, grant.ids);
    } catch (error) {
      owned.pauses.settle(ids, "unknown");
      logger.warn({ err: error, partition: owned.partition, pauses: ids.length }, "pauses.grant-unknown");
    }
  }
}
