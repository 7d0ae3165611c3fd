import { type KafkaConnection, openLogReader } from "@postback/kafka";
import type { Counter, Logger, Metrics, Part } from "@postback/runtime";
import type { KnownKeys } from "../auth/known-keys.ts";
import type { IngestStore } from "../store.ts";
import { CursorSeal } from "./cursor.ts";
import type { FeedSources } from "./follow-feed.ts";
import { LiveEvents } from "./live-events.ts";
import { OpenStreams } from "./open-streams.ts";
import { OperationStreams } from "./operation-streams.ts";
import { ReadingTurns } from "./reading-turns.ts";

/** All that pushes events to clients. */
export interface Push {
  feed: FeedSources;
  operations: OperationStreams;
  streams: OpenStreams;
  /** Counts streams that were cut off, by reason. */
  cut: Counter<"reason">;
}

export interface PushOptions {
  kafka: KafkaConnection;
  topic: string;
  partitions: number;
  store: IngestStore;
  keys: KnownKeys;
  /** Secrets that all ingest instances share, the newest first. */
  secrets: readonly Uint8Array[];
  streamsMax: number;
  streamsPerKeyMax: number;
  metrics: Metrics;
  logger: Logger;
}

/** Puts push together; nothing is read before somebody watches. */
export function pushOn(options: PushOptions): { push: Push; parts: readonly Part[] } {
  const { kafka, topic, partitions, store, keys, metrics, logger } = options;
  const tail = openLogReader(kafka, topic);
  const history = openLogReader(kafka, topic);
  const live = new LiveEvents({ tail, history, logger });
  const seal = new CursorSeal(options.secrets);
  const operations = new OperationStreams({ live, seal, store, logger });
  const streams = new OpenStreams({ max: options.streamsMax, perKeyMax: options.streamsPerKeyMax, keys, logger });
  metrics.gauge({
    name: "open_streams",
    help: "SSE and WebSocket clients",
    collect: (gauge) => gauge.set(streams.open),
  });
  metrics.gauge({
    name: "watched_partitions",
    help: "Partitions of events that are read for streams",
    collect: (gauge) => gauge.set(live.watchedPartitions),
  });
  const cut = metrics.counter({
    name: "streams_cut_total",
    help: "Streams that were cut off: too slow, or failed",
    labels: ["reason"],
  });
  const readers: Part = {
    name: "live-events",
    async run(signal) {
      await live.part.run(signal);
      await Promise.all([tail.close(), history.close()]);
    },
  };
  const feed = { live, history, turns: new ReadingTurns(), seal, partitions };
  return { push: { feed, operations, streams, cut }, parts: [readers, streams.part, operations.part] };
}
