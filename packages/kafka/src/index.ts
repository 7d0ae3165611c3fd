export { type AdminConnection, connectAdmin, waitForKafka } from "./admin.ts";
export type { KafkaConnection, PortLogger } from "./connection.ts";
export { jsonFault } from "./consumer/json-fault.ts";
export type {
  Consumer,
  ConsumerOptions,
  GroupMember,
  IncomingMessage,
  PartitionBatch,
} from "./consumer/options.ts";
export type { PartitionPosition, TopicPartition } from "./consumer/partition-progress.ts";
export { startConsumer } from "./consumer/start-consumer.ts";
export { type DeadLetter, type GivenUp, sendDeadLetter } from "./dead-letter.ts";
export {
  ConsumerFailed,
  KafkaError,
  KafkaUnavailable,
  MessageRefused,
  ProducerClosed,
  ProducerFull,
} from "./errors.ts";
export { partitionFor } from "./partition-for.ts";
export { createProducer, type Producer, type ProducerOptions } from "./producer/create-producer.ts";
export type { Acknowledged, OutgoingMessage } from "./producer/message.ts";
export {
  type LogRange,
  type LogReader,
  openLogReader,
  type PartitionSlice,
  type ReadOptions,
} from "./reader/open-log-reader.ts";
export { checkTopics, type TopicExpectation } from "./topics/check-topics.ts";
export { describeTopics, type TopicDescription } from "./topics/describe-topics.ts";
export { ensureTopics, type TopicSpec } from "./topics/ensure-topics.ts";
export { type PostbackTopicsOptions, postbackTopics } from "./topics/postback-topics.ts";
export { type TopicNames, topicNames } from "./topics/topic-names.ts";
export { type GroupPosition, readGroupPositions } from "./watchdog/read-group-positions.ts";
export { type Stall, startWatchdog, type Watchdog, type WatchdogOptions } from "./watchdog/start-watchdog.ts";
