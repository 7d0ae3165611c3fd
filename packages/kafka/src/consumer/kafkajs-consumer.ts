import type { ConsumerEvents, EachBatchHandler, Consumer as KafkaJsConsumer } from "kafkajs";
import { createKafka } from "../connection.ts";
import { ConsumerFailed } from "../errors.ts";
import type { ConsumerSettings, GroupMember } from "./options.ts";
import type { TopicPartition } from "./partition-progress.ts";

/** Longer than a commit or heartbeat should ever take, shorter than kafkajs' 30 s; JoinGroup and Fetch have limits of their own. */
const REQUEST_TIMEOUT_MS = 8_000;
/** Connecting, metadata, finding the coordinator (which a new cluster has to make first): about 6 s in all. */
const CLUSTER_RETRY = { retries: 8, initialRetryTime: 100, maxRetryTime: 1_000 };
/** kafkajs counts its retries over the whole time between two rebalances; used up, the consumer starts anew within `outageMaxMs`. */
const RETRY = { retries: 50, initialRetryTime: 100, maxRetryTime: 1_000 };
/** New partitions and moved leaders are noticed at the latest after this; 300,000 by default in kafkajs. */
const METADATA_MAX_AGE_MS = 60_000;
const OUT_OF_RANGE = "Offset out of range, resetting to default offset";

/**
 * A kafkajs consumer with the settings under which its traps don't bite; it isn't connected yet.
 * @param mayRestart asked when kafkajs has lost Kafka: whether it may begin anew
 */
export function createKafkaJsConsumer(settings: ConsumerSettings, mayRestart: () => boolean): KafkaJsConsumer {
  const kafka = createKafka(settings.connection, {
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    retry: CLUSTER_RETRY,
    onLog: (message, fields) => {
      if (message === OUT_OF_RANGE) reportOutOfRange(settings, fields);
    },
  });
  return kafka.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    rebalanceTimeout: settings.rebalanceTimeoutMs,
    heartbeatInterval: settings.heartbeatIntervalMs,
    maxWaitTimeInMs: settings.maxWaitMs,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    retry: { ...RETRY, restartOnFailure: async () => mayRestart() },
  });
}

/** No event of kafkajs says it; its log line's fields do. */
function reportOutOfRange(settings: ConsumerSettings, fields: Readonly<Record<string, unknown>>): void {
  const { groupId, connection, onOutOfRange } = settings;
  const at = { topic: String(fields["topic"]), partition: Number(fields["partition"]) };
  const text = "the committed offset is out of the log's range: messages were lost unread; going on at the earliest";
  connection.logger.error({ groupId, ...at }, text);
  onOutOfRange?.(at);
}

export async function join(
  consumer: KafkaJsConsumer,
  settings: ConsumerSettings,
  eachBatch: EachBatchHandler,
): Promise<void> {
  await consumer.connect();
  // From the end, an offset out of range would jump over everything that waits.
  await consumer.subscribe({ topics: [...settings.topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: settings.partitionsConcurrently,
    eachBatch,
  });
}

export interface GroupListener {
  alive(): void;
  joined(member: GroupMember, partitions: readonly TopicPartition[]): void;
  /** @returns when this member may join again */
  rebalancing(): Promise<void>;
  skipped(at: TopicPartition, lastOffset: number): void;
  crashed(error: Error, restarting: boolean): void;
}

/** kafkajs' events as calls. Two of their fields come from our patch (`patches/`), and without them nothing may run. */
export function listen(consumer: KafkaJsConsumer, listener: GroupListener): void {
  const { HEARTBEAT, GROUP_JOIN, REBALANCING, END_BATCH_PROCESS, CRASH }: ConsumerEvents = consumer.events;
  consumer.on(HEARTBEAT, () => listener.alive());
  consumer.on(GROUP_JOIN, ({ payload }) => {
    if (payload.generationId === undefined) return listener.crashed(new ConsumerFailed(UNPATCHED), false);
    const { memberId, generationId: generation, memberAssignment } = payload;
    listener.alive();
    listener.joined({ memberId, generation }, toPartitions(memberAssignment));
  });
  consumer.on(REBALANCING, ({ payload }) => payload.waitUntil?.(listener.rebalancing()));
  consumer.on(END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0) listener.skipped(payload, Number(payload.lastOffset));
  });
  consumer.on(CRASH, ({ payload }) => listener.crashed(payload.error, payload.restart));
}

const UNPATCHED = "kafkajs is installed without patches/kafkajs+2.2.4.patch; apply it with `npx patch-package`";

const toPartitions = (assignment: Record<string, number[]>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
