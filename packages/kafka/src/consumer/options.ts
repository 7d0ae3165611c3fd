import type { KafkaConnection } from "../connection.ts";
import type { PartitionPosition, TopicPartition } from "./partition-progress.ts";

export interface IncomingMessage {
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  /** Value of the packed header; `undefined` when the message has none. */
  header: string | undefined;
  timestampMs: number;
}

export interface PartitionBatch extends TopicPartition {
  /** At least one, ascending; offsets may have holes. */
  messages: readonly IncomingMessage[];
  /** High watermark: the next offset of the partition when this batch was fetched. */
  endOffset: number;
  /** The generation that it was handed over in; given back to {@link Consumer.done}, work of an earlier one counts for nothing. */
  generation: number;
}

export interface GroupMember {
  memberId: string;
  generation: number;
}

export interface ConsumerOptions {
  connection: KafkaConnection;
  groupId: string;
  topics: readonly string[];
  /**
   * Hands over to bounded queues and returns; batches of one partition never overlap. While it runs, heartbeats go on. It never
   * throws; if it does, that is logged and ends the consumer through `onFatal`.
   */
  onBatch(batch: PartitionBatch): Promise<void>;
  /** Awaited before the first `onBatch` of the new generation. If it throws, the consumer ends: through `onFatal`, or, the first time, by `startConsumer` rejecting. */
  onAssigned?(partitions: readonly TopicPartition[], member: GroupMember): Promise<void>;
  /** Nothing more is handed over: drain. After `drainMaxMs` the consumer commits what is done and joins again without waiting. */
  onRevoking?(): Promise<void>;
  /** The consumer has ended for good; the process should, too. Called once. */
  onFatal(error: Error): void;
  /** A partition's committed offset is no longer in its log (retention passed it): messages were lost unread. It goes on at the earliest. */
  onOutOfRange?(at: TopicPartition): void;
  /** Default 500: a rebalance is noticed at a heartbeat. */
  heartbeatIntervalMs?: number;
  /** Default 10,000. */
  sessionTimeoutMs?: number;
  /** How long the group waits for a live member to join again; default 15,000. */
  rebalanceTimeoutMs?: number;
  /** How long a fetch waits for messages, and how late a resume can come; default 250. */
  maxWaitMs?: number;
  /** Default 1 MiB. */
  maxBytesPerPartition?: number;
  /** Partitions handed over at the same time; default 4. */
  partitionsConcurrently?: number;
  /**
   * When more than two messages have come within this time, the next fetch waits for its end: for consumers that hand over many
   * and wait for little. `partitionsConcurrently` must be all of them, else those beyond it wait too. Default 0: never.
   */
  gatherMs?: number;
  /** Default 500. */
  commitIntervalMs?: number;
  /** Default 3,000. Twice this (drain, then commit) passes without a heartbeat, so it stays below half the session timeout. */
  drainMaxMs?: number;
  /** Default 8,000. */
  stopMaxMs?: number;
  /** Without a heartbeat for this long, a lost connection ends the consumer through `onFatal`; until then it reconnects. Default 300,000. */
  outageMaxMs?: number;
}

export type ConsumerSettings = Required<Omit<ConsumerOptions, "onAssigned" | "onRevoking" | "onOutOfRange">> &
  Pick<ConsumerOptions, "onAssigned" | "onRevoking" | "onOutOfRange">;

export const CONSUMER_DEFAULTS = {
  heartbeatIntervalMs: 500,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 15_000,
  maxWaitMs: 250,
  maxBytesPerPartition: 1024 * 1024,
  partitionsConcurrently: 4,
  gatherMs: 0,
  commitIntervalMs: 500,
  drainMaxMs: 3_000,
  stopMaxMs: 8_000,
  outageMaxMs: 300_000,
} as const;

export interface Consumer {
  /**
   * This offset needs no more of the consumer. Commits, in the background, go to the lowest offset that isn't done and never past it.
   * Done twice, done for a partition that isn't assigned, or done with another `generation` than today's: no effect.
   */
  done(topic: string, partition: number, offset: number, generation?: number): void;
  /** Stops the hand-over of all partitions on purpose, until every reason is released; survives rebalances. Takes effect at the next batch. */
  hold(reason: string): void;
  release(reason: string): void;
  /** The same for one partition. */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Empty while the group rebalances. */
  readonly assigned: readonly TopicPartition[];
  readonly member: GroupMember | undefined;
  /** Wall clock, ms, of the last heartbeat or join that the coordinator answered; 0 before the first. */
  readonly lastHeartbeatAtMs: number;
  /** Whether anything holds all partitions. */
  readonly held: boolean;
  positions(): readonly PartitionPosition[];
  /** Resolves when a commit of all that is done now was answered; a failure is logged and tried again at the next interval. */
  flushCommits(): Promise<void>;
  /** Drains, commits, leaves the group; bounded by `stopMaxMs` even if a handler hangs. */
  stop(): Promise<void>;
}
