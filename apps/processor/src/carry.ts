import { queueTopicName, topicNames } from "@postback/contracts";
import {
  type Consumer,
  type ConsumerOptions,
  type KafkaConnection,
  startConsumer,
  startWatchdog,
  type Watchdog,
} from "@postback/kafka";
import type { Logger } from "@postback/runtime";
import type { ProcessorConfig } from "./config.ts";
import type { Processing } from "./wire-processing.ts";

/** A topic that is consumed, and what watches that it moves. */
export interface Carrying {
  readonly topic: string;
  readonly watchdog: Watchdog;
  stop(): Promise<void>;
}

export interface CarryOptions {
  config: ProcessorConfig;
  connection: KafkaConnection;
  processing: Processing;
  /** A consumer has ended for good, or stands still. */
  onFatal(error: Error): void;
  logger: Logger;
}

type Handlers = Pick<ConsumerOptions, "onAssigned" | "onBatch" | "onRevoking" | "partitionsConcurrently">;

/** Partitions whose batches are admitted together: all that one fetch brings. */
const admittedTogether = 48;

/** Carries the operations themselves. */
export async function carryCommands(options: CarryOptions): Promise<Carrying> {
  const { config, processing } = options;
  const topic = topicNames(config.TOPIC_PREFIX).commands;
  const { consumer, carrying } = await carry(options, `${config.TOPIC_PREFIX}processor`, topic, {
    onAssigned: (partitions) => processing.assigned(partitions.map(({ partition }) => partition)),
    onBatch: (batch) => processing.consume(batch),
    onRevoking: () => processing.handOver(),
    partitionsConcurrently: admittedTogether,
  });
  processing.connect(consumer);
  return carrying;
}

/** Carries the steps of one queue, in a group of its own. */
export async function carryQueue(options: CarryOptions, queue: string): Promise<Carrying> {
  const { config, processing } = options;
  const topic = queueTopicName(config.TOPIC_PREFIX, queue);
  let consumer: Consumer | undefined;
  const worker = processing.queueWorker(queue, () => consumer);
  const carried = await carry(options, `${config.TOPIC_PREFIX}processor.${queue}`, topic, {
    onBatch: (batch) => worker.consume(batch),
    onRevoking: () => worker.idle(),
  });
  consumer = carried.consumer;
  return carried.carrying;
}

async function carry(
  { connection, onFatal }: CarryOptions,
  groupId: string,
  topic: string,
  handlers: Handlers,
): Promise<{ consumer: Consumer; carrying: Carrying }> {
  const consumer = await startConsumer({ connection, groupId, topics: [topic], ...handlers, onFatal });
  const watchdog = await startWatchdog({
    consumer,
    connection,
    groupId,
    onStall: ({ reason, stalledMs }) =>
      onFatal(new Error(`the consumer of ${topic} stalled: ${reason} for ${stalledMs} ms`)),
  });
  const stop = async () => {
    await Promise.all([watchdog.stop(), consumer.stop()]);
  };
  return { consumer, carrying: { topic, watchdog, stop } };
}
