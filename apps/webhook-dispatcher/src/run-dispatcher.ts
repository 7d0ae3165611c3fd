import { randomUUID } from "node:crypto";
import { topicNames } from "@postback/contracts";
import { type Database, listen, openDatabase, requirePartitions } from "@postback/database";
import {
  type Consumer,
  createProducer,
  type KafkaConnection,
  type Producer,
  startConsumer,
  startWatchdog,
  waitForKafka,
} from "@postback/kafka";
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
  untilStopped,
  watchLag,
} from "@postback/runtime";
import type { DispatcherConfig } from "./config.ts";
import { publishNotices } from "./endpoint-life/publish-notices.ts";
import { watchFreshness } from "./endpoint-life/watch-freshness.ts";
import { type Dispatch, wireDispatch } from "./wire-dispatch.ts";

/** How long subscriptions may be unconfirmed before this dispatcher says that it is not ready. */
const staleAfterMs = 5_000;
const sweepMs = 100;
/**
 * Where many events come, those of so long are fetched together: at 700 a second that is half the fetches, which cost the
 * dispatcher and Kafka together as much as five webhooks each.
 */
const gatherMs = 10;

/** Builds the dispatcher and runs it until it is told to stop; resolves to the exit code. */
export async function runDispatcher(config: DispatcherConfig): Promise<0 | 1> {
  const logger = createLogger({ app: "webhook-dispatcher", level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const id = `dispatcher-${randomUUID()}`;
  const metrics = createMetrics("webhook-dispatcher");
  const connection: KafkaConnection = { brokers: config.KAFKA_BROKERS, clientId: id, logger };
  await using db = openDatabase({
    url: config.DATABASE_URL,
    applicationName: id,
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    logger,
  });
  await requirePartitions(db, config.PARTITIONS);
  await waitForKafka(connection);
  const producer = await createProducer(connection);
  const dispatch = wireDispatch({ config, id, db, producer, logger, metrics });
  await dispatch.follower.start();
  // From now on without a pause, until all is drained: others count on its beats. To join the group takes as long as a dead
  // member's session, and what is consumed then must not be matched, and signed, with the endpoints of before.
  const drained = new AbortController();
  const following = dispatch.follower.run(drained.signal);
  const unfollow = async () => {
    drained.abort();
    await following;
  };
  try {
    return await serve({ config, connection, db, producer, dispatch, metrics, logger, unfollow });
  } finally {
    await unfollow();
    await producer.close();
  }
}

interface Serving {
  config: DispatcherConfig;
  connection: KafkaConnection;
  db: Database;
  producer: Producer;
  dispatch: Dispatch;
  metrics: Metrics;
  logger: Logger;
  /** Ends the beats: nothing is out any more. */
  unfollow(): Promise<void>;
}

async function serve(serving: Serving): Promise<0 | 1> {
  const { config, connection, db, producer, dispatch, metrics, logger, unfollow } = serving;
  // Before the group is joined, which takes as long as a dead member's session: liveness doesn't wait for it.
  let consumer: Consumer | undefined;
  const health = createHealth({
    live: () => undefined,
    ready: [
      { name: "consumer", required: true, check: () => (consumer ? undefined : "has not joined its group yet") },
      { name: "subscriptions", required: true, check: () => stale(dispatch) },
    ],
    metrics,
  });
  await using server = await startHealthServer(health, config.HEALTH_PORT);
  const ending = Promise.withResolvers<never>();
  const joined = await consume(config, connection, dispatch, ending.reject);
  const { groupId } = groupOf(config);
  const watchdog = await startWatchdog({
    consumer: joined,
    connection,
    groupId,
    onStall: (stall) => ending.reject(new Error(`consumer stalled: ${stall.reason} for ${stall.stalledMs} ms`)),
  });
  watchLag(metrics, () => watchdog.lag());
  // Ready only now: whoever sees that may stop it at once, and from here on a signal lets it drain and leave.
  consumer = joined;
  logger.info({ port: server.port, endpoints: dispatch.subscriptions.count }, "dispatcher.started");
  const stop = async () => {
    await Promise.all([watchdog.stop(), joined.stop()]);
    await dispatch.drain();
    await unfollow();
    await dispatch.leave();
  };
  const topic = topicNames(config.TOPIC_PREFIX).events;
  const notices = { db, producer, topic, partitions: config.PARTITIONS, logger };
  const life: Part[] = [
    { name: "endpoint-health", run: (signal) => dispatch.notes.run(signal) },
    { name: "replays", run: (signal) => dispatch.replays.run(signal) },
    { name: "notices", run: (signal) => publishNotices(notices, signal) },
    { name: "freshness", run: (signal) => watchFreshness({ db, metrics, logger }, signal) },
  ];
  return await runParts([...parts({ config, dispatch, ending: ending.promise, logger, stop }), ...life], {
    graceMs: config.SHUTDOWN_GRACE_MS,
    logger,
  });
}

const groupOf = (config: DispatcherConfig) => ({ groupId: `${config.TOPIC_PREFIX}webhook-dispatcher` });

async function consume(
  config: DispatcherConfig,
  connection: KafkaConnection,
  dispatch: Dispatch,
  onFatal: (error: Error) => void,
): Promise<Consumer> {
  const consumer = await startConsumer({
    connection,
    ...groupOf(config),
    topics: [topicNames(config.TOPIC_PREFIX).events],
    partitionsConcurrently: config.PARTITIONS,
    gatherMs,
    onAssigned: (partitions) => dispatch.consumption.assigned(partitions),
    onBatch: (batch) => dispatch.consumption.consume(batch),
    onRevoking: () => dispatch.handOver(),
    onFatal,
  });
  dispatch.connect(consumer);
  return consumer;
}

interface Running {
  config: DispatcherConfig;
  dispatch: Dispatch;
  /** Rejects when the consumer has ended for good or stands still. */
  ending: Promise<never>;
  logger: Logger;
  stop(): Promise<void>;
}

function parts({ config, dispatch, ending, logger, stop }: Running): Part[] {
  const channel = "postback_subscriptions";
  const onNotify = () => dispatch.follower.notify();
  return [
    { name: "consumer", run: (signal) => untilStopped(signal, ending, stop) },
    { name: "notifications", run: (signal) => listen({ url: config.DATABASE_URL, channel, onNotify, logger, signal }) },
    { name: "schedule", run: (signal) => dispatch.schedule.run(signal) },
    { name: "handshakes", run: (signal) => dispatch.handshakes.run(signal) },
    { name: "sweep", run: (signal) => sweepUntil(signal, dispatch) },
  ];
}

async function sweepUntil(signal: AbortSignal, { lanes }: Dispatch): Promise<void> {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => lanes.sweep(), sweepMs);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await told;
  clearInterval(timer);
}

function stale({ follower }: Dispatch): Reason {
  const ageMs = Date.now() - follower.lastBeatAtMs;
  return ageMs > staleAfterMs ? `subscriptions were last confirmed ${ageMs} ms ago` : undefined;
}
