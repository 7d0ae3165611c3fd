import type { EntityPauses } from "../pauses/entity-pauses.ts";
import { firstOfEpoch } from "../publish/event-numbers.ts";
import type { Publisher } from "../publish/publish-events.ts";
import type { PartitionQueues } from "../queues/partition-queues.ts";
import type { Slots } from "../steps/slots.ts";

/** A partition that this processor owns under one epoch. */
export interface OwnedPartition {
  readonly partition: number;
  readonly epoch: bigint;
  /** Aborted when another owner has it: nothing more of it may be started, and nothing of it can be saved. */
  readonly lost: AbortController;
  /** Aborted then too, and when the process stops: what runs is interrupted. One for all that the partition carries. */
  readonly letGo: AbortSignal;
  /** One at a time: from the drawing of positions until their operations are queued. */
  readonly admitting: Slots;
  readonly positions: Positions;
  readonly queues: PartitionQueues;
  /** Entities that rest for sync steps which go ahead of their operations. */
  readonly pauses: EntityPauses;
  readonly publisher: Publisher;
}

/** Positions of one epoch, ascending: `epoch·2^40 + n`. */
export class Positions {
  #last: bigint;

  constructor(epoch: bigint) {
    this.#last = firstOfEpoch(epoch);
  }

  next(): bigint {
    this.#last += 1n;
    return this.#last;
  }
}
