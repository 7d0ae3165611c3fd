import { entityKey } from "@postback/contracts";
import type { LogReader, PartitionSlice } from "@postback/kafka";
import { type Logger, type Part, sleepUnlessAborted } from "@postback/runtime";
import { type LogEvent, tenantBySight, toLogEvent } from "./log-event.ts";

/** Who is told of new events: of one operation, one entity, or a whole tenant. */
export interface Listener {
  tenantId: string;
  only?: { operationId: string } | { entity: { type: string; id: string } };
  /** Must not throw, and not wait. */
  onEvent(event: LogEvent): void;
  /** Events of a partition were lost unread: retention passed this reader, or the log was cut. */
  onGap(partition: number): void;
}

export interface LiveEventsOptions {
  /** One of its own: its reads wait for messages. */
  tail: LogReader;
  /** For questions that must not wait behind such a read. */
  history: LogReader;
  logger: Logger;
}

interface Watched {
  /** The next offset that will be told; undefined until the log's end was asked for. */
  next: number | undefined;
  watchers: number;
  /** Resolves when `next` is known. */
  begun: Promise<void>;
}

/** How long a read waits for messages, milliseconds: also how late a partition that is new to it can come in. */
const tailWaitMs = 100;
const tailMaxBytesPerPartition = 1024 * 1024;
const tailMaxBytes = 8 * 1024 * 1024;
/** After a read that brought messages: each costs Kafka and this process as much as dozens of events. */
const tailRestMs = 5;
const afterFailureMs = 200;

/**
 * Follows the ends of the partitions that somebody watches, and of no others, and tells each event to those who listen
 * for it. Events are found by operation, entity and tenant, so that thousands who watch other things cost nothing.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #partitions = new Map<number, Watched>();
  readonly #listeners = new Map<string, Set<Listener>>();
  /** How many listen for events of each tenant. */
  readonly #tenants = new Map<string, number>();
  #wake = Promise.withResolvers<void>();

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  get watchedPartitions(): number {
    return this.#partitions.size;
  }

  /** The part that reads, until it is stopped. */
  get part(): Part {
    return { name: "live-events", run: (signal) => this.#run(signal) };
  }

  /**
   * Begins to follow partitions; resolves when it is known from where on ({@link nextOf}).
   * @returns what ends it
   * @throws {KafkaUnavailable} retryable
   */
  async watch(partitions: readonly number[]): Promise<() => void> {
    const fresh = partitions.filter((partition) => !this.#partitions.has(partition));
    const begun = fresh.length === 0 ? Promise.resolve() : this.#begin(fresh);
    for (const partition of fresh) this.#partitions.set(partition, { next: undefined, watchers: 0, begun });
    const watched = partitions.flatMap((partition) => this.#partitions.get(partition) ?? []);
    for (const each of watched) each.watchers += 1;
    let held = true;
    const end = () => {
      if (held) for (const each of watched) each.watchers -= 1;
      held = false;
      this.#dropUnwatched();
    };
    try {
      await Promise.all(watched.map((each) => each.begun));
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  /** Everything below is told, or was before anybody watched. */
  nextOf(partition: number): number {
    const next = this.#partitions.get(partition)?.next;
    if (next === undefined) throw new Error(`partition ${partition} is not watched`);
    return next;
  }

  /** @returns what ends it */
  listen(listener: Listener): () => void {
    const key = keyOf(listener);
    const others = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, others.add(listener));
    this.#tenants.set(listener.tenantId, (this.#tenants.get(listener.tenantId) ?? 0) + 1);
    return () => {
      if (!others.delete(listener)) return;
      if (others.size === 0) this.#listeners.delete(key);
      const left = (this.#tenants.get(listener.tenantId) ?? 1) - 1;
      if (left === 0) this.#tenants.delete(listener.tenantId);
      else this.#tenants.set(listener.tenantId, left);
    };
  }

  async #begin(partitions: readonly number[]): Promise<void> {
    try {
      const ranges = await this.#options.history.ranges(partitions);
      for (const partition of partitions) {
        const watched = this.#partitions.get(partition);
        const range = ranges.get(partition);
        if (watched === undefined || range === undefined) throw new Error(`partition ${partition} has no range`);
        watched.next = range.high;
      }
      this.#wake.resolve();
    } catch (error) {
      // Whoever watches next asks again.
      for (const partition of partitions) this.#partitions.delete(partition);
      throw error;
    }
  }

  #dropUnwatched(): void {
    for (const [partition, { watchers }] of this.#partitions) if (watchers === 0) this.#partitions.delete(partition);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    while (!signal.aborted) {
      const from = this.#places();
      if (from.size > 0) await this.#readOnce(from, signal);
      else {
        this.#wake = Promise.withResolvers<void>();
        await Promise.race([this.#wake.promise, stopped]);
      }
    }
  }

  #places(): Map<number, number> {
    const places = new Map<number, number>();
    for (const [partition, { next }] of this.#partitions) if (next !== undefined) places.set(partition, next);
    return places;
  }

  async #readOnce(from: ReadonlyMap<number, number>, signal: AbortSignal): Promise<void> {
    const bounds = { maxWaitMs: tailWaitMs, maxBytes: tailMaxBytes, maxBytesPerPartition: tailMaxBytesPerPartition };
    try {
      const slices = await this.#options.tail.read(from, bounds);
      for (const slice of slices) this.#tell(slice, from.get(slice.partition));
      if (slices.some(({ messages }) => messages.length > 0)) await sleepUnlessAborted(tailRestMs, signal);
    } catch (error) {
      this.#options.logger.warn({ err: error, partitions: from.size }, "live-events.not-read");
      await sleepUnlessAborted(afterFailureMs, signal);
    }
  }

  #tell(slice: PartitionSlice, asked: number | undefined): void {
    const watched = this.#partitions.get(slice.partition);
    // It may have been left, and watched anew from elsewhere, while this was read.
    if (watched === undefined || watched.next !== asked) return;
    if (slice.outOfRange) {
      watched.next = slice.endOffset;
      for (const listeners of this.#listeners.values()) for (const one of listeners) one.onGap(slice.partition);
      return;
    }
    for (const message of slice.messages) {
      // Before it is told: a cursor that is made of it leads to what comes after.
      watched.next = message.offset + 1;
      const tenant = tenantBySight(message.header);
      if (tenant !== undefined && !this.#tenants.has(tenant)) continue;
      const event = toLogEvent(slice.partition, message);
      if (event !== undefined) this.#tellOf(event);
    }
    watched.next = slice.nextOffset;
  }

  #tellOf(event: LogEvent): void {
    const { tenant, operation, entity } = event.header;
    const keys = [tenant, operation && operationKey(tenant, operation.id), entity && entityKey(tenant, entity)];
    for (const key of keys) {
      if (key !== undefined) for (const listener of this.#listeners.get(key) ?? []) listener.onEvent(event);
    }
  }
}

const operationKey = (tenantId: string, operationId: string): string => `${tenantId}/${operationId}`;

function keyOf({ tenantId, only }: Listener): string {
  if (only === undefined) return tenantId;
  return "operationId" in only ? operationKey(tenantId, only.operationId) : entityKey(tenantId, only.entity);
}
