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

export interface CarryOptions<Fed extends keyof Processing> {
  config: Pick<ProcessorConfig, "TOPIC_PREFIX">;
  connection: KafkaConnection;
  /** What of it the consumer feeds. */
  processing: Pick<Processing, Fed>;
  /** A consumer has ended for good, or stands still. */
  onFatal(error: Error): void;
  logger: Logger;
}

interface Handlers extends Pick<ConsumerOptions, "onAssigned" | "onBatch" | "onRevoking" | "partitionsConcurrently"> {
  /** Called before the first batch comes. */
  onStarted(consumer: Consumer): void;
}

/** Partitions whose batches are admitted together: all that one fetch brings. */
const admittedTogether = 48;

/** Carries the operations themselves. */
export async function carryCommands(
  options: CarryOptions<"assigned" | "connect" | "consume" | "handOver">,
): Promise<Carrying> {
  const { config, processing } = options;
  const topic = topicNames(config.TOPIC_PREFIX).commands;
  return await carry(options, `${config.TOPIC_PREFIX}processor`, topic, {
    onStarted: (consumer) => processing.connect(consumer),
    onAssigned: (partitions) => processing.assigned(partitions.map(({ partition }) => partition)),
    onBatch: (batch) => processing.consume(batch),
    onRevoking: () => processing.handOver(),
    partitionsConcurrently: admittedTogether,
  });
}

/** Carries the steps of one queue, in a group of its own. */
export async function carryQueue(options: CarryOptions<"queueWorker">, queue: string): Promise<Carrying> {
  const { config, processing } = options;
  const topic = queueTopicName(config.TOPIC_PREFIX, queue);
  let consumer: Consumer | undefined;
  const worker = processing.queueWorker(queue, () => consumer);
  return await carry(options, `${config.TOPIC_PREFIX}processor.${queue}`, topic, {
    onStarted: (started) => {
      consumer = started;
    },
    onBatch: (batch) => worker.consume(batch),
    onRevoking: () => worker.idle(),
  });
}

async function carry(
  { connection, onFatal }: CarryOptions<never>,
  groupId: string,
  topic: string,
  { onStarted, ...handlers }: Handlers,
): Promise<Carrying> {
  const consumer = await startConsumer({ connection, groupId, topics: [topic], ...handlers, onFatal });
  // Before anything else is awaited: batches come from now on, and may be done sooner than the watchdog is connected.
  onStarted(consumer);
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
  return { topic, watchdog, stop };
}
