import type { Offsets } from "kafkajs";
import { PartitionProgress, type TopicPartition } from "./partition-progress.ts";

export type CommitOffsets = (offsets: Offsets) => Promise<void>;

/** What a consumer is in one generation of its group; a rebalance ends it and begins another. */
export class GroupSession {
  readonly memberId: string;
  readonly generation: number;
  readonly #partitions: ReadonlyMap<string, PartitionProgress>;
  readonly #ended = new AbortController();
  /** From here on nothing more is handed over; what was is being drained. */
  revoked = false;
  /** Whether the caller has taken the partitions. */
  assigned: Promise<boolean> = Promise.resolve(false);
  /** Settles when batches may be handed over, if `isReady` says so then. */
  ready: Promise<void> = Promise.resolve();
  isReady = false;
  /** kafkajs gives the commit without its retry loop (which could commit into a later generation) to batch handlers alone. */
  commit: CommitOffsets | undefined;

  constructor(member: { memberId: string; generation: number }, partitions: readonly TopicPartition[]) {
    this.memberId = member.memberId;
    this.generation = member.generation;
    this.#partitions = new Map(partitions.map((at) => [keyOf(at), new PartitionProgress(at)]));
  }

  progressOf(at: TopicPartition): PartitionProgress | undefined {
    return this.#partitions.get(keyOf(at));
  }

  get partitions(): PartitionProgress[] {
    return [...this.#partitions.values()];
  }

  /** Aborted when waiting for handlers of this generation is over. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  end(): void {
    this.#ended.abort();
  }
}

/** A slash can't be in a topic's name. */
const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
