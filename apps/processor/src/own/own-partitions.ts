import { acquirePartitions, type Database, type Ownership as OwnershipOfPartition } from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { OwnedPartition } from "./owned-partition.ts";

export interface OwnershipOptions {
  db: Database;
  /** This process, in `partition_owners`. */
  owner: string;
  /** Makes the memory of a partition and loads what is unfinished in it. */
  open(partition: number, epoch: bigint): Promise<OwnedPartition>;
  logger: Logger;
}

/** The group assigns partitions; Postgres proves the owner (design §3.2). */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #owned = new Map<number, OwnedPartition>();

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  find(partition: number): OwnedPartition | undefined {
    const owned = this.#owned.get(partition);
    return owned?.lost.signal.aborted ? undefined : owned;
  }

  get all(): readonly OwnedPartition[] {
    return [...this.#owned.values()].filter(({ lost }) => !lost.signal.aborted);
  }

  /** Takes what the group assigned: keeps what nobody else had meanwhile, and drops what isn't assigned any more. */
  async assigned(partitions: readonly number[]): Promise<void> {
    const wanted = new Set(partitions);
    for (const owned of this.#owned.values()) if (!wanted.has(owned.partition)) this.#drop(owned);
    const known = new Map(this.all.map(({ partition, epoch }) => [partition, epoch]));
    const taken = await this.#acquire(partitions, known);
    await Promise.all(taken.filter(({ kept }) => !kept).map(({ partition, epoch }) => this.#open(partition, epoch)));
  }

  /** Another owner was met: its epoch is higher, ours is over. */
  lose(owned: OwnedPartition): void {
    if (owned.lost.signal.aborted) return;
    this.#options.logger.warn({ partition: owned.partition, epoch: owned.epoch.toString() }, "partition.lost");
    this.#drop(owned);
  }

  #drop(owned: OwnedPartition): void {
    owned.lost.abort();
    if (this.#owned.get(owned.partition) === owned) this.#owned.delete(owned.partition);
  }

  async #open(partition: number, epoch: bigint): Promise<void> {
    const before = this.#owned.get(partition);
    if (before) this.#drop(before);
    const owned = await this.#options.open(partition, epoch);
    this.#owned.set(partition, owned);
    this.#options.logger.info({ partition, epoch: epoch.toString(), waiting: owned.queues.size }, "partition.owned");
  }

  /** Without Postgres nothing can be owned: tries until it answers. The consumer goes on beating meanwhile. */
  #acquire(partitions: readonly number[], known: ReadonlyMap<number, bigint>): Promise<OwnershipOfPartition[]> {
    const { db, owner, logger } = this.#options;
    const fields = { count: partitions.length };
    return keepTrying(() => acquirePartitions(db, owner, partitions, known), {
      logger,
      event: "partitions.not-acquired",
      fields,
    });
  }
}
