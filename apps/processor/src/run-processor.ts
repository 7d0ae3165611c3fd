import { randomUUID } from "node:crypto";
import { topicNames } from "@postback/contracts";
import { type Database, daysAhead, ensureRanges, listen, openDatabase, recordedPartitions } from "@postback/database";
import {
  type Consumer,
  createProducer,
  type KafkaConnection,
  startConsumer,
  startWatchdog,
  waitForKafka,
} from "@postback/kafka";
import { loadCatalogs } from "@postback/operations";
import {
  createHealth,
  createLogger,
  createMetrics,
  type Logger,
  type Metrics,
  type Part,
  type Reason,
  runParts,
  startHealthServer,
} from "@postback/runtime";
import type { ProcessorConfig } from "./config.ts";
import { keepRangesAhead, rangesNeededDays } from "./keep-ranges-ahead.ts";
import { followRequests, wakeNotified } from "./queues/follow-requests.ts";
import { type Processing, wireProcessing } from "./wire-processing.ts";

/** Builds the processor and runs it until it is told to stop; resolves to the exit code. */
export async function runProcessor(config: ProcessorConfig): Promise<0 | 1> {
  const logger = createLogger({ app: "processor", level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const id = `processor-${randomUUID()}`;
  const metrics = createMetrics("processor");
  const connection: KafkaConnection = { brokers: config.KAFKA_BROKERS, clientId: id, logger };
  const catalog = await loadCatalogs(config.POSTBACK_CATALOG, { from: process.cwd() });
  await using db = openDatabase({
    url: config.DATABASE_URL,
    applicationName: id,
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    logger,
  });
  await refuseOtherPartitions(db, config.PARTITIONS);
  await ensureRanges(db, rangesNeededDays);
  await waitForKafka(connection);
  const producer = await createProducer(connection);
  const processing = wireProcessing({ config, id, db, producer, catalog, logger, metrics });
  // Before the group is joined, which takes as long as a dead member's session: liveness doesn't wait for it.
  let consumer: Consumer | undefined;
  const health = createHealth({
    live: () => undefined,
    ready: [
      { name: "consumer", required: true, check: () => (consumer ? undefined : "has not joined its group yet") },
      { name: "ranges", required: true, check: () => tooFewRanges(db) },
    ],
    metrics,
  });
  await using server = await startHealthServer(health, config.HEALTH_PORT);
  const ending = Promise.withResolvers<never>();
  const joined = await consume(config, connection, processing, ending.reject);
  consumer = joined;
  const watchdog = await startWatchdog({
    consumer: joined,
    connection,
    groupId: groupOf(config),
    onStall: (stall) => ending.reject(new Error(`consumer stalled: ${stall.reason} for ${stall.stalledMs} ms`)),
  });
  watchLag(metrics, () => watchdog.lag());
  logger.info({ port: server.port, types: catalog.operations.map(({ type }) => type) }, "processor.started");
  const stop = async () => {
    await Promise.all([watchdog.stop(), joined.stop()]);
    await processing.drain();
    await producer.close();
  };
  const parts: Part[] = [
    { name: "consumer", run: (signal) => untilStopped(signal, ending.promise, stop) },
    { name: "requests", run: (signal) => followRequests(db, processing.ownership, signal, logger) },
    { name: "notifications", run: (signal) => listenForRequests(config, processing, signal, logger) },
    { name: "repair", run: (signal) => processing.repair(signal) },
    { name: "ranges", run: (signal) => keepRangesAhead(db, signal, logger) },
  ];
  return await runParts(parts, { graceMs: config.SHUTDOWN_GRACE_MS, logger });
}

const groupOf = (config: ProcessorConfig) => `${config.TOPIC_PREFIX}processor`;

async function refuseOtherPartitions(db: Database, partitions: number): Promise<void> {
  const recorded = await recordedPartitions(db, partitions);
  if (recorded === partitions) return;
  throw new Error(
    `PARTITIONS is ${partitions}, but this installation was made with ${recorded}: set it to ${recorded}`,
  );
}

async function consume(
  config: ProcessorConfig,
  connection: KafkaConnection,
  processing: Processing,
  onFatal: (error: Error) => void,
): Promise<Consumer> {
  const consumer = await startConsumer({
    connection,
    groupId: groupOf(config),
    topics: [topicNames(config.TOPIC_PREFIX).commands],
    onAssigned: (partitions) => processing.assigned(partitions.map(({ partition }) => partition)),
    onBatch: (batch) => processing.consume(batch),
    onRevoking: () => processing.handOver(),
    onFatal,
  });
  processing.connect(consumer);
  return consumer;
}

async function untilStopped(signal: AbortSignal, ending: Promise<never>, stop: () => Promise<void>): Promise<void> {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  try {
    await Promise.race([told, ending]);
  } finally {
    await stop();
  }
}

function listenForRequests(
  config: ProcessorConfig,
  { ownership }: Processing,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  const onNotify = (payload: string | undefined) => wakeNotified(ownership, payload);
  return listen({ url: config.DATABASE_URL, channel: "postback_requests", onNotify, logger, signal });
}

/** `/readyz` fails below two days: soon after, rows could not be written at all. */
async function tooFewRanges(db: Database): Promise<Reason> {
  const days = await daysAhead(db);
  return days >= 2 ? undefined : `tables have ranges for ${days.toFixed(1)} more days only: run the migrations`;
}

function watchLag(metrics: Metrics, lag: () => readonly { topic: string; partition: number; lag: number }[]): void {
  metrics.gauge({
    name: "consumer_lag_messages",
    help: "Messages of a partition that aren't done yet",
    labels: ["topic", "partition"],
    collect: (gauge) => {
      for (const { topic, partition, lag: messages } of lag())
        gauge.set({ topic, partition: String(partition) }, messages);
    },
  });
}
