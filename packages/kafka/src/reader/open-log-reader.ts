import { tryWithin } from "../bounded-wait.ts";
import { createKafka, type KafkaConnection } from "../connection.ts";
import { toIncoming } from "../consumer/incoming.ts";
import type { IncomingMessage } from "../consumer/options.ts";
import { KafkaUnavailable } from "../errors.ts";
import { type ClientCluster, clusterOf, type FetchedPartition } from "./client-cluster.ts";

/** What a read brought of one partition. */
export interface PartitionSlice {
  partition: number;
  /** Ascending, none below the offset that was asked for; offsets may have holes. */
  messages: readonly IncomingMessage[];
  /** Where to read on. */
  nextOffset: number;
  /** High watermark: the next offset of the partition when this was read. */
  endOffset: number;
  /** The offset that was asked for isn't in the log: retention passed it, or it never was. `nextOffset` is the earliest. */
  outOfRange: boolean;
}

export interface LogRange {
  low: number;
  high: number;
}

export interface ReadOptions {
  /** How long a broker waits for a first message, ms. */
  maxWaitMs: number;
  maxBytesPerPartition: number;
  /** Of one broker's answer; a single message may be larger. */
  maxBytes: number;
}

/**
 * Reads partitions of a topic from offsets on, without a group: nothing is joined, assigned or committed. A broker
 * answers the requests of a connection one after the other, so what waits for messages needs a reader of its own.
 */
export interface LogReader {
  /** @throws {KafkaUnavailable} retryable, when no leader answers; some of several may be missing in the answer */
  read(from: ReadonlyMap<number, number>, options: ReadOptions): Promise<PartitionSlice[]>;
  /** Where the logs begin and end. @throws {KafkaUnavailable} retryable */
  ranges(partitions: readonly number[]): Promise<Map<number, LogRange>>;
  /** The first offsets of this time or later, which may be before 1970; the log's end where there is none. @throws {KafkaUnavailable} retryable */
  offsetsAt(timeMs: number, partitions: readonly number[]): Promise<Map<number, number>>;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 8_000;
const RETRY = { retries: 3, initialRetryTime: 50, maxRetryTime: 500 };
const CLOSE_MAX_MS = 2_000;

/** Opens nothing yet: the first read connects, and after a failure the next one does so again. */
export function openLogReader(connection: KafkaConnection, topic: string): LogReader {
  return new ClusterReader(connection, topic);
}

class ClusterReader implements LogReader {
  readonly #connection: KafkaConnection;
  readonly #topic: string;
  readonly #cluster: ClientCluster;
  #connecting: Promise<void> | undefined;

  constructor(connection: KafkaConnection, topic: string) {
    this.#connection = connection;
    this.#topic = topic;
    this.#cluster = clusterOf(createKafka(connection, { requestTimeoutMs: REQUEST_TIMEOUT_MS, retry: RETRY }));
  }

  async read(from: ReadonlyMap<number, number>, options: ReadOptions): Promise<PartitionSlice[]> {
    const leaders = await this.#leadersOf([...from.keys()]);
    const settled = await Promise.allSettled(
      leaders.map(([nodeId, partitions]) => this.#fetch(nodeId, partitions, from, options)),
    );
    const failed = settled.find((each) => each.status === "rejected");
    if (failed !== undefined) await this.#refresh();
    const read = settled.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    if (read.length === 0 && failed !== undefined) throw this.#unavailable(failed.reason);
    return read;
  }

  async ranges(partitions: readonly number[]): Promise<Map<number, LogRange>> {
    const [lows, highs] = await Promise.all([
      this.#offsets(partitions, { fromBeginning: true }),
      this.#offsets(partitions, { fromBeginning: false }),
    ]);
    return new Map([...highs].map(([partition, high]) => [partition, { low: lows.get(partition) ?? high, high }]));
  }

  async offsetsAt(timeMs: number, partitions: readonly number[]): Promise<Map<number, number>> {
    const [found, ends] = await Promise.all([
      // Below 0 Kafka has no times but words: -1 is the end, -2 the beginning, others it refuses.
      this.#offsets(partitions, { fromTimestamp: Math.max(0, timeMs) }),
      this.#offsets(partitions, { fromBeginning: false }),
    ]);
    return new Map([...ends].map(([partition, end]) => [partition, laterOf(found.get(partition), end)]));
  }

  async close(): Promise<void> {
    await tryWithin(CLOSE_MAX_MS, "closing a log reader", this.#connection.logger, this.#cluster.disconnect());
  }

  async #leadersOf(partitions: readonly number[]): Promise<[string, number[]][]> {
    try {
      await this.#connect();
      await this.#cluster.refreshMetadataIfNecessary();
      const leaders = Object.entries(this.#cluster.findLeaderForPartitions(this.#topic, partitions));
      const led = leaders.filter(([nodeId]) => Number(nodeId) >= 0);
      if (led.length > 0) return led;
    } catch (cause) {
      throw this.#unavailable(cause);
    }
    await this.#refresh();
    throw this.#unavailable(new Error("no partition has a leader"));
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#cluster
      .connect()
      .then(() => this.#cluster.addTargetTopic(this.#topic))
      .catch((error: unknown) => {
        this.#connecting = undefined;
        throw error;
      });
    return this.#connecting;
  }

  async #fetch(
    nodeId: string,
    partitions: readonly number[],
    from: ReadonlyMap<number, number>,
    { maxWaitMs, maxBytes, maxBytesPerPartition }: ReadOptions,
  ): Promise<PartitionSlice[]> {
    const asked = partitions.map((partition) => ({
      partition,
      fetchOffset: String(from.get(partition) ?? 0),
      maxBytes: maxBytesPerPartition,
    }));
    const broker = await this.#cluster.findBroker({ nodeId });
    try {
      const topics = [{ topic: this.#topic, partitions: asked }];
      const { responses } = await broker.fetch({ maxWaitTime: maxWaitMs, minBytes: 1, maxBytes, topics });
      return responses.flatMap((response) => response.partitions.map((each) => sliceOf(each, from)));
    } catch (error) {
      // kafkajs drops the whole answer for one partition's error: the others are read again with the next request.
      const lost = outOfRangeIn(error);
      if (lost === undefined) throw error;
      return [await this.#beginAnew(lost)];
    }
  }

  async #beginAnew(partition: number): Promise<PartitionSlice> {
    const range = (await this.ranges([partition])).get(partition);
    if (range === undefined) throw new Error(`partition ${partition} has no range`);
    return { partition, messages: [], nextOffset: range.low, endOffset: range.high, outOfRange: true };
  }

  async #offsets(
    partitions: readonly number[],
    at: { fromBeginning: boolean } | { fromTimestamp: number },
  ): Promise<Map<number, number>> {
    try {
      await this.#connect();
      await this.#cluster.refreshMetadataIfNecessary();
      const asked = { topic: this.#topic, partitions: partitions.map((partition) => ({ partition })), ...at };
      const [found] = await this.#cluster.fetchTopicsOffset([asked]);
      return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    } catch (cause) {
      await this.#refresh();
      throw this.#unavailable(cause);
    }
  }

  /** After a failure a leader may be another one. */
  async #refresh(): Promise<void> {
    try {
      await this.#connect();
      await this.#cluster.refreshMetadata();
    } catch (error) {
      this.#connection.logger.debug({ err: error, topic: this.#topic }, "log-reader.metadata-not-read");
    }
  }

  #unavailable(cause: unknown): KafkaUnavailable {
    return new KafkaUnavailable(`${this.#topic} can't be read`, { cause });
  }
}

/** ListOffsets answers -1 for a time after the last message. */
const laterOf = (found: number | undefined, end: number): number => (found === undefined || found < 0 ? end : found);

function sliceOf(fetched: FetchedPartition, from: ReadonlyMap<number, number>): PartitionSlice {
  const asked = from.get(fetched.partition) ?? 0;
  // A batch is sent whole, also where the offset that was asked for is in its midst.
  const fresh = fetched.messages.filter(({ offset }) => Number(offset) >= asked);
  const last = fresh.at(-1);
  return {
    partition: fetched.partition,
    messages: fresh.filter(({ isControlRecord }) => isControlRecord !== true).map((each) => toIncoming(each)),
    nextOffset: last === undefined ? asked : Number(last.offset) + 1,
    endOffset: Number(fetched.highWatermark),
    outOfRange: false,
  };
}

function outOfRangeIn(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== "KafkaJSOffsetOutOfRange") return undefined;
  return Number((error as Error & { partition?: number }).partition);
}
