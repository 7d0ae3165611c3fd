import type { IncomingMessage, PartitionSlice } from "@postback/kafka";
import type { Cursor } from "./cursor.ts";
import { compileFilter, type EventFilter, partitionsOf } from "./event-filter.ts";
import { FeedPlace } from "./feed-place.ts";
import type { FeedSources } from "./follow-feed.ts";
import { eventJson, toLogEvent } from "./log-event.ts";
import { isSeenBy } from "./seen-by.ts";

/** From where on: a cursor, a time (milliseconds since 1970), or the oldest that is kept. */
export type PageStart = { cursor: Cursor } | { sinceMs: number } | "oldest";

export interface FeedPage {
  /** Events as JSON. */
  events: string[];
  nextCursor: string;
  /** Events before this page are lost to the reader: retention has passed its cursor. */
  resync: boolean;
}

const pageMaxBytesPerPartition = 256 * 1024;
const pageMaxBytes = 4 * 1024 * 1024;
/** Records that a page looks at, at most, wanted or not. */
const recordsMax = 5_000;

/**
 * One page of the feed: what one read brings, about in the order of time, at most `limit` events. It may be empty and
 * have a cursor to go on at.
 * @throws {KafkaUnavailable} retryable
 */
export async function readFeedPage(
  sources: Omit<FeedSources, "live">,
  filter: EventFilter,
  start: PageStart,
  limit: number,
): Promise<FeedPage> {
  const partitions = partitionsOf(filter, sources.partitions);
  const place = new FeedPlace(await cursorOf(sources, partitions, start));
  const from = new Map(partitions.map((partition) => [partition, place.offsetOf(partition)]));
  const bounds = { maxWaitMs: 0, maxBytes: pageMaxBytes, maxBytesPerPartition: pageMaxBytesPerPartition };
  const slices = await sources.turns.take(() => sources.history.read(from, bounds));
  const events = takeEvents(slices, place, filter, limit);
  for (const { partition, nextOffset, outOfRange } of slices) if (outOfRange) place.jumpTo(partition, nextOffset);
  const nextCursor = sources.seal.write("feed", filter.tenantId, place.cursor());
  return { events, nextCursor, resync: slices.some(({ outOfRange }) => outOfRange) };
}

/** Moves the place on over what was looked at, and returns what is wanted of it. */
function takeEvents(slices: readonly PartitionSlice[], place: FeedPlace, filter: EventFilter, limit: number): string[] {
  const wanted = compileFilter(filter);
  const events: string[] = [];
  const heads = slices.map(({ partition, messages }) => ({ partition, messages, at: 0 }));
  for (let records = 0; records < recordsMax && events.length < limit; records += 1) {
    const head = earliest(heads);
    const message = head?.messages[head.at];
    if (head === undefined || message === undefined) break;
    head.at += 1;
    const event = toLogEvent(head.partition, message);
    const isWanted =
      event !== undefined && wanted(event.header) && isSeenBy(filter.partner, { ...event.header, body: event.body });
    if (isWanted && place.take(event)) events.push(eventJson(event));
    place.readTo(head.partition, message.offset + 1);
  }
  return events;
}

interface Head {
  partition: number;
  messages: readonly IncomingMessage[];
  at: number;
}

function earliest(heads: readonly Head[]): Head | undefined {
  let found: Head | undefined;
  let foundMs = Number.POSITIVE_INFINITY;
  for (const head of heads) {
    const timestampMs = head.messages[head.at]?.timestampMs ?? Number.POSITIVE_INFINITY;
    if (timestampMs < foundMs) [found, foundMs] = [head, timestampMs];
  }
  return found;
}

async function cursorOf(
  { history }: Pick<FeedSources, "history">,
  partitions: readonly number[],
  start: PageStart,
): Promise<Cursor> {
  if (typeof start === "object" && "sinceMs" in start) {
    const offsets = await history.offsetsAt(start.sinceMs, partitions);
    return { positions: positionsAt(partitions, (partition) => offsets.get(partition)), lately: [] };
  }
  const given = start === "oldest" ? undefined : start.cursor;
  const lacking = partitions.filter((partition) => !given?.positions.has(partition));
  const ranges = lacking.length === 0 ? new Map() : await history.ranges(lacking);
  const fresh = positionsAt(lacking, (partition) => ranges.get(partition)?.[given === undefined ? "low" : "high"]);
  return { positions: new Map([...(given?.positions ?? []), ...fresh]), lately: given?.lately ?? [] };
}

const positionsAt = (partitions: readonly number[], offsetOf: (partition: number) => number | undefined) =>
  new Map(partitions.map((partition) => [partition, { offset: offsetOf(partition) ?? 0, number: 0n }]));
