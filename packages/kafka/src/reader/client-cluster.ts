import type { Kafka } from "kafkajs";
import { KafkaError } from "../errors.ts";

/** What of kafkajs 2.2.4's own cluster is used; its consumer stands on the same (`src/cluster/index.js`). */
export interface ClientCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  /** Partitions by the id of their leader; `-1` has none. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(of: { nodeId: string }): Promise<ClientBroker>;
  fetchTopicsOffset(topics: readonly AskedOffsets[]): Promise<FoundOffsets[]>;
}

interface AskedOffsets {
  topic: string;
  partitions: readonly { partition: number }[];
  fromBeginning?: boolean;
  /** Milliseconds since 1970. */
  fromTimestamp?: number;
}

interface FoundOffsets {
  topic: string;
  partitions: readonly { partition: number; offset: string }[];
}

interface ClientBroker {
  fetch(request: {
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
    }[];
  }): Promise<{ responses: readonly { topicName: string; partitions: readonly FetchedPartition[] }[] }>;
}

export interface FetchedPartition {
  partition: number;
  highWatermark: string;
  messages: readonly FetchedMessage[];
}

interface FetchedMessage {
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
  timestamp: string;
  isControlRecord?: boolean;
}

const METADATA_MAX_AGE_MS = 60_000;

type MakeCluster = (options: { metadataMaxAge: number; allowAutoTopicCreation: boolean }) => ClientCluster;

/**
 * A cluster of connections without a group. kafkajs offers reading only as a member of one; what its consumer is made of
 * can be had by the name of its private symbol (docs/adr/0022). The version is pinned, and a test reads by it.
 */
export function clusterOf(kafka: Kafka): ClientCluster {
  const make = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  if (make === undefined) {
    throw new KafkaError("client-unknown", "this is not kafkajs 2.2.4: it makes no cluster", { retryable: false });
  }
  const makeCluster = (kafka as unknown as Record<symbol, MakeCluster>)[make];
  if (makeCluster === undefined) throw new TypeError("a symbol of an object names nothing");
  return makeCluster({ metadataMaxAge: METADATA_MAX_AGE_MS, allowAutoTopicCreation: false });
}
