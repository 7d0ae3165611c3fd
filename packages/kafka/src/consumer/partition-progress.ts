import { LowWater } from "./low-water.ts";

export interface TopicPartition {
  topic: string;
  partition: number;
}

/** Where a partition stands; offsets are in Kafka's meaning: the next one to be read, or still to be done. */
export interface PartitionPosition extends TopicPartition {
  /** The next offset to be handed over; `undefined` before the first batch of this generation. */
  next: number | undefined;
  /** The first offset that isn't done. */
  lowWater: number | undefined;
  committed: number | undefined;
  /** High watermark at the last batch. */
  endOffset: number | undefined;
  /** Handed over and not done. */
  open: number;
  /** Paused or held on purpose. */
  paused: boolean;
}

/** One assigned partition in one generation. */
export class PartitionProgress implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly lowWater = new LowWater();
  endOffset: number | undefined;
  /** The hand-over under way; the next batch waits for it, so that a partition's batches never overlap. */
  handing: Promise<void> | undefined;
  #committed: number | undefined;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  get committed(): number | undefined {
    return this.#committed;
  }

  /**
   * A batch is being handed over.
   * @param offsets of its messages, ascending
   * @param lastOffset of the batch with what was filtered out (markers) at its end
   */
  handOver(offsets: readonly number[], lastOffset: number, endOffset: number): void {
    // Before the first message is done there is nothing new to commit.
    if (this.lowWater.next === undefined) this.#committed = offsets[0];
    this.lowWater.open(offsets);
    this.lowWater.skipTo(lastOffset + 1);
    this.endOffset = endOffset;
  }

  /** The offset to commit, if it moved since the last commit. */
  get dueCommit(): number | undefined {
    const offset = this.lowWater.value;
    return offset === this.#committed ? undefined : offset;
  }

  markCommitted(offset: number): void {
    this.#committed = offset;
  }

  position(paused: boolean): PartitionPosition {
    const { topic, partition, lowWater, committed, endOffset } = this;
    return {
      topic,
      partition,
      next: lowWater.next,
      lowWater: lowWater.value,
      committed,
      endOffset,
      open: lowWater.openCount,
      paused,
    };
  }
}
