import { setTimeout as sleep } from "node:timers/promises";
import type { LogReader, PartitionSlice } from "@postback/kafka";
import type { Cursor, CursorSeal } from "./cursor.ts";
import { compileFilter, type EventFilter, partitionsOf } from "./event-filter.ts";
import type { EventSink, OpenedStream } from "./event-sink.ts";
import { FeedPlace } from "./feed-place.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { LiveEvents } from "./live-events.ts";
import { eventJson, type LogEvent, tenantBySight, toLogEvent } from "./log-event.ts";
import type { ReadingTurns } from "./reading-turns.ts";
import { isSeenBy } from "./seen-by.ts";

export interface FeedSources {
  live: LiveEvents;
  history: LogReader;
  turns: ReadingTurns;
  seal: CursorSeal;
  partitions: number;
}

/** From where on: a cursor, a time (milliseconds since 1970), or now. */
export type FeedStart = { cursor: Cursor } | { sinceMs: number } | "now";

/** What one read of the past brings at most; a slow client holds no more than this in memory. */
const pastMaxBytesPerPartition = 256 * 1024;
const pastMaxBytes = 1024 * 1024;
/** After a read of the past that brought nothing although there is more, milliseconds. */
const emptyRestMs = 50;

/**
 * A tenant's events, from a place in the past up to now and then as they come, until the sink is closed. Every partition
 * is read from the log's past until it has caught up with the live reading, and joins that then.
 * @throws {KafkaUnavailable} retryable
 */
export async function openFeed(sources: FeedSources, filter: EventFilter, start: FeedStart): Promise<OpenedStream> {
  const { live } = sources;
  const partitions = partitionsOf(filter, sources.partitions);
  const endWatch = await live.watch(partitions);
  try {
    const place = new FeedPlace(await startOf(sources, partitions, start));
    const run = (sink: EventSink) =>
      new FeedFollower({ sources, filter, sink, place, partitions }).run().finally(endWatch);
    return { run, isOver: false };
  } catch (error) {
    endWatch();
    throw error;
  }
}

/** The cursor to begin with. Partitions that a given one doesn't know (of another filter) begin now. */
async function startOf(
  { live, history }: FeedSources,
  partitions: readonly number[],
  start: FeedStart,
): Promise<Cursor> {
  const offsets =
    typeof start === "object" && "sinceMs" in start ? await history.offsetsAt(start.sinceMs, partitions) : undefined;
  const given = typeof start === "object" && "cursor" in start ? start.cursor : undefined;
  const positions = partitions.map((partition) => {
    const fresh = { offset: offsets?.get(partition) ?? live.nextOf(partition), number: 0n };
    return [partition, given?.positions.get(partition) ?? fresh] as const;
  });
  return { positions: new Map(positions), lately: given?.lately ?? [] };
}

interface Following {
  sources: FeedSources;
  filter: EventFilter;
  sink: EventSink;
  place: FeedPlace;
  partitions: readonly number[];
}

class FeedFollower {
  readonly #following: Following;
  readonly #wanted: (header: LogEvent["header"]) => boolean;
  /** Partitions that have caught up. */
  readonly #joined = new Set<number>();
  /** Partitions of which a read has said that their place is in the log. */
  readonly #read = new Set<number>();

  constructor(following: Following) {
    this.#following = following;
    this.#wanted = compileFilter(following.filter);
  }

  async run(): Promise<void> {
    const { sources, filter, sink } = this.#following;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    if (sink.closed.aborted) resolve();
    sink.closed.addEventListener("abort", () => resolve(), { once: true });
    const endListening = sources.live.listen({
      tenantId: filter.tenantId,
      ...(filter.entity === undefined ? {} : { only: { entity: filter.entity } }),
      onEvent: (event) => this.#live(event),
      onGap: (partition) => this.#gap(partition),
    });
    const endHeartbeat = startHeartbeat(() => sink.heartbeat(this.#cursor()));
    try {
      await this.#catchUp();
      await closed;
    } finally {
      endHeartbeat();
      endListening();
    }
  }

  async #catchUp(): Promise<void> {
    const { sources, sink } = this.#following;
    while (!sink.closed.aborted) {
      const behind = this.#joinCaughtUp();
      if (behind.size === 0) return;
      const bounds = { maxWaitMs: 0, maxBytes: pastMaxBytes, maxBytesPerPartition: pastMaxBytesPerPartition };
      const slices = await sources.turns.take(() => sources.history.read(behind, bounds));
      for (const slice of slices) this.#past(slice);
      await sink.drained();
      if (slices.every(({ messages, outOfRange }) => messages.length === 0 && !outOfRange)) await sleep(emptyRestMs);
    }
  }

  /** @returns where to read on in those that haven't */
  #joinCaughtUp(): Map<number, number> {
    const { sources, partitions, place } = this.#following;
    const behind = new Map<number, number>();
    for (const partition of partitions) {
      if (this.#joined.has(partition)) continue;
      const offset = place.offsetOf(partition);
      if (offset >= sources.live.nextOf(partition) && !this.#isBeyond(partition, offset)) this.#joined.add(partition);
      else behind.set(partition, offset);
    }
    return behind;
  }

  /** A place far beyond the end is of a log that was cut since: a read says so, and waiting there would be for ever. */
  #isBeyond(partition: number, offset: number): boolean {
    const { sources } = this.#following;
    return offset > sources.live.nextOf(partition) && !this.#read.has(partition);
  }

  #past({ partition, messages, nextOffset, outOfRange }: PartitionSlice): void {
    const { place, sink, filter } = this.#following;
    this.#read.add(partition);
    if (outOfRange) {
      place.jumpTo(partition, nextOffset);
      return sink.resync(this.#cursor());
    }
    for (const message of messages) {
      const tenant = tenantBySight(message.header);
      if (tenant !== undefined && tenant !== filter.tenantId) continue;
      const event = toLogEvent(partition, message);
      if (event !== undefined) this.#tell(event);
    }
    place.readTo(partition, nextOffset);
  }

  #live(event: LogEvent): void {
    if (this.#joined.has(event.partition)) this.#tell(event);
  }

  #tell(event: LogEvent): void {
    const { place, sink, filter } = this.#following;
    const isWanted = this.#wanted(event.header) && isSeenBy(filter.partner, { ...event.header, body: event.body });
    if (isWanted && place.take(event)) sink.event(eventJson(event), this.#cursor());
  }

  #gap(partition: number): void {
    const { place, sink, sources } = this.#following;
    if (!this.#joined.has(partition)) return;
    place.jumpTo(partition, sources.live.nextOf(partition));
    sink.resync(this.#cursor());
  }

  /** Where partitions have joined, all that was told live is behind this reader, wanted or not. */
  #cursor(): string {
    const { sources, place, filter } = this.#following;
    for (const partition of this.#joined) place.readTo(partition, sources.live.nextOf(partition));
    return sources.seal.write("feed", filter.tenantId, place.cursor());
  }
}
