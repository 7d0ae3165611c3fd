import type { OperationRow } from "@postback/database";

/** An admitted operation that isn't ended. Its row is read when its turn comes, unless it is small and at hand. */
export interface Queued {
  readonly tenantId: string;
  readonly id: string;
  readonly entityKey: string;
  readonly position: bigint;
  row?: OperationRow | undefined;
  /** It was admitted before this owner came: a former one may have begun its step. */
  readonly inherited: boolean;
  /** It is stuck, and its entity goes on meanwhile: it takes no turn before something is asked of it. */
  readonly isParked?: boolean;
}

/** What became of an entity's first operation. */
export type HeadResult =
  /** It is final: the next one of the entity may go. */
  | { kind: "ended" }
  /** It goes on at this time, milliseconds since 1970; its entity waits with it. */
  | { kind: "wait"; untilMs: number }
  /** Nothing here leads on (stuck, no definition, lost): its entity is held. */
  | { kind: "held" }
  /** It is stuck, and the next one of its entity may go; when something is asked of it, it takes a turn again. */
  | { kind: "parked" };

export interface QueueBounds {
  /** Operations of one entity in memory. */
  perEntityMax: number;
  /** Of the whole partition, those that hold their entities apart. */
  perPartitionMax: number;
  /** Operations of the partition that wait for a retry, are held, each the first of its entity, or are parked. */
  heldPerPartitionMax: number;
}

/** Bounds of design §3.2; what is beyond them is in Postgres and read when its turn comes. */
export const defaultBounds: QueueBounds = {
  perEntityMax: 100,
  perPartitionMax: 10_000,
  heldPerPartitionMax: 20_000,
};

export interface QueueEvents {
  /** The turn of an operation has come; answered with `finished`. */
  onReady(head: Queued): void;
  /** An entity's queue is empty and more of it may have been left out: load what is above the position. */
  onEntityDrained(last: Pick<Queued, "tenantId" | "entityKey" | "position">): void;
  /** There is room again for what the partition left out: load what is above {@link PartitionQueues.highest}. */
  onRoom(): void;
}
