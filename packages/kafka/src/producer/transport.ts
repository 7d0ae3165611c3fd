import { CompressionTypes, type Producer as KafkaJsProducer, type Message, type TopicMessages } from "kafkajs";
import { within } from "../bounded-wait.ts";
import { createKafka, type KafkaConnection } from "../connection.ts";
import type { PartitionResponse } from "./acknowledgements.ts";
import { type OutgoingMessage, PACKED_HEADER } from "./message.ts";

/** What carries batches to Kafka; the producer's other half is pure. */
export interface Transport {
  /** One request per partition leader. Resolves with what the leaders answered, which may lack partitions. */
  sendBatch(messages: readonly OutgoingMessage[]): Promise<PartitionResponse[]>;
  /** Drops the connections and makes new ones, with new metadata. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5_000;
/** How long the leader waits for its replicas, ms; less than the request's own limit, so that we hear of it. */
const REPLICATION_TIMEOUT_MS = 4_000;
const METADATA_MAX_AGE_MS = 30_000;
const DISCONNECT_MAX_MS = 2_000;

/** kafkajs' own retries keep the answers of healthy leaders while one moves; they stay short, the producer's loop goes on. */
const RETRY = { retries: 5, initialRetryTime: 50, maxRetryTime: 500 };

/** Connects a producer: acks from all replicas, not idempotent (the idempotent one gets stuck), partitions by the caller. */
export async function connectTransport(connection: KafkaConnection): Promise<Transport> {
  const kafka = createKafka(connection, { requestTimeoutMs: REQUEST_TIMEOUT_MS, retry: RETRY });
  const connect = async (): Promise<KafkaJsProducer> => {
    const producer = kafka.producer({
      createPartitioner:
        () =>
        ({ message }) =>
          partitionOf(message),
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      retry: RETRY,
    });
    await producer.connect();
    return producer;
  };
  let producer = await connect();
  const disconnect = () => within(DISCONNECT_MAX_MS, producer.disconnect());
  return {
    sendBatch: (messages) =>
      producer.sendBatch({
        acks: -1,
        timeout: REPLICATION_TIMEOUT_MS,
        compression: CompressionTypes.None,
        topicMessages: byTopic(messages),
      }) as Promise<PartitionResponse[]>,
    async reconnect() {
      await disconnect();
      producer = await connect();
    },
    async close() {
      await disconnect();
    },
  };
}

function partitionOf(message: Message): number {
  if (message.partition === undefined) throw new TypeError("a message without a partition can't be here");
  return message.partition;
}

function byTopic(messages: readonly OutgoingMessage[]): TopicMessages[] {
  const topics = new Map<string, Message[]>();
  for (const message of messages) {
    const list = topics.get(message.topic);
    if (list === undefined) topics.set(message.topic, [toKafkaJs(message)]);
    else list.push(toKafkaJs(message));
  }
  return Array.from(topics, ([topic, list]) => ({ topic, messages: list }));
}

const toKafkaJs = ({ partition, key, value, header, extraHeaders }: OutgoingMessage): Message => ({
  partition,
  key,
  value,
  headers: extraHeaders === undefined ? { [PACKED_HEADER]: header } : { ...extraHeaders, [PACKED_HEADER]: header },
});
