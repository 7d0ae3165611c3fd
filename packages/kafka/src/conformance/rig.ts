import { eventually, testBrokers, testTopicPrefix } from "@postback/testkit";
import { connectAdmin } from "../admin.ts";
import type { KafkaConnection, PortLogger } from "../connection.ts";
import type { Consumer, ConsumerOptions, PartitionBatch } from "../consumer/options.ts";
import type { Producer, ProducerOptions } from "../producer/create-producer.ts";
import type { OutgoingMessage } from "../producer/message.ts";
import { ensureTopics } from "../topics/ensure-topics.ts";

/** What an adapter of another client library has to provide, to be held to the same suite. */
export interface Client {
  createProducer(connection: KafkaConnection, options?: ProducerOptions): Promise<Producer>;
  startConsumer(options: ConsumerOptions): Promise<Consumer>;
}

const silent: PortLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const testConnection = (brokers: readonly string[] = testBrokers(), logger = silent): KafkaConnection => ({
  brokers,
  clientId: "conformance",
  logger,
});

/** A topic, a group and the parts that use them; all is closed at the end of the test. */
export class Rig implements AsyncDisposable {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly groupId: string;
  readonly #client: Client;
  readonly #consumers: Consumer[] = [];
  #producer: Promise<Producer> | undefined;

  private constructor(client: Client, connection: KafkaConnection, prefix: string) {
    this.#client = client;
    this.connection = connection;
    this.topic = `${prefix}topic`;
    this.groupId = `${prefix}group`;
  }

  static async make(client: Client, partitions: number, configs: Record<string, string> = {}): Promise<Rig> {
    const rig = new Rig(client, testConnection(), testTopicPrefix());
    await ensureTopics(rig.connection, [{ name: rig.topic, partitions, replicationFactor: 1, configs }]);
    return rig;
  }

  producer(options?: ProducerOptions): Promise<Producer> {
    this.#producer ??= this.#client.createProducer(this.connection, options);
    return this.#producer;
  }

  message(value: string, partition = 0): OutgoingMessage {
    return { topic: this.topic, partition, key: "key", value, header: `{"value":"${value.slice(0, 20)}"}` };
  }

  /** Sends values 0 to count - 1, in order, to one partition. */
  async sendNumbers(count: number, partition = 0, from = 0): Promise<void> {
    const producer = await this.producer();
    await producer.sendAll(Array.from({ length: count }, (_, i) => this.message(String(from + i), partition)));
  }

  /** A consumer of this rig's topic and group that is stopped with it; a fatal end fails whoever awaits `fatal`. */
  async consumer(options: Partial<ConsumerOptions> & Pick<ConsumerOptions, "onBatch">): Promise<Consumer> {
    const { connection, groupId, topic } = this;
    const onFatal = (error: Error) => {
      throw error;
    };
    const consumer = await this.#client.startConsumer({ connection, groupId, topics: [topic], onFatal, ...options });
    this.#consumers.push(consumer);
    return consumer;
  }

  /** The offset that the group has committed for a partition, as Kafka says it; -1 for none. */
  async committed(partition = 0): Promise<number> {
    await using admin = await connectAdmin(this.connection);
    const [answer] = await admin.client.fetchOffsets({ groupId: this.groupId, topics: [this.topic] });
    return Number(answer?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    await (await this.#producer)?.close();
  }
}

/** Values of a batch's messages. */
export const valuesOf = ({ messages }: PartitionBatch): string[] => messages.map(({ value }) => String(value));

/** Waits until as many have arrived. */
export function arrived(list: readonly unknown[], count: number, timeoutMs = 15_000): Promise<void> {
  return eventually(
    () => {
      if (list.length < count) throw new Error(`${list.length} of ${count} arrived`);
    },
    { timeoutMs, intervalMs: 10 },
  );
}
