import { randomUUID } from "node:crypto";
import { type Database, daysAhead, ensureRanges, listen, openDatabase, requirePartitions } from "@postback/database";
import { createProducer, type KafkaConnection, waitForKafka } from "@postback/kafka";
import { type Catalog, loadCatalogs, type ReadSecrets, readSecrets } from "@postback/operations";
import {
  createHealth,
  createLogger,
  createMetrics,
  type Logger,
  type Part,
  type Reason,
  runParts,
  startHealthServer,
  untilStopped,
  watchLag,
} from "@postback/runtime";
import { carriedQueues } from "./carried-queues.ts";
import { type Carrying, carryCommands, carryQueue } from "./carry.ts";
import type { ProcessorConfig } from "./config.ts";
import { followOutbox, wakeOutbox } from "./outbox/follow-outbox.ts";
import { followPauses, wakePauses } from "./pauses/follow-pauses.ts";
import { followRequests, followResults, wakeNotified } from "./queues/wake-asked.ts";
import { keepTables, rangesNeededDays } from "./upkeep/keep-tables.ts";
import { upkeepMetrics } from "./upkeep/upkeep-metrics.ts";
import { type Processing, wireProcessing } from "./wire-processing.ts";

/**
 * Builds the processor and runs it until it is told to stop; resolves to the exit code.
 * @param env where steps' secrets are read from: their names are the catalogs'
 */
export async function runProcessor(config: ProcessorConfig, env: ReadSecrets["env"]): Promise<0 | 1> {
  const logger = createLogger({ app: "processor", level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const id = `processor-${randomUUID()}`;
  const metrics = createMetrics("processor");
  const connection: KafkaConnection = { brokers: config.KAFKA_BROKERS, clientId: id, logger };
  const catalog = await loadCatalogs(config.POSTBACK_CATALOG, { from: process.cwd() });
  const carried = carriedQueues(config.PROCESSOR_QUEUES, catalog);
  const secrets = readSecrets(catalog, { env, carries: carried });
  await using db = openDatabase({
    url: config.DATABASE_URL,
    applicationName: id,
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    logger,
  });
  await requirePartitions(db, config.PARTITIONS);
  await ensureRanges(db, rangesNeededDays);
  await waitForKafka(connection);
  const producer = await createProducer(connection);
  const processing = wireProcessing({
    config,
    id,
    db,
    producer,
    catalog,
    queues: carried.queues,
    secrets,
    logger,
    metrics,
  });
  // Before the groups are joined, which takes as long as a dead member's session: liveness doesn't wait for it.
  let consumed: readonly Carrying[] = [];
  const isJoined = () => (consumed.length > 0 ? undefined : "has not joined its groups yet");
  const health = createHealth({
    live: () => undefined,
    ready: [
      { name: "consumers", required: true, check: isJoined },
      { name: "ranges", required: true, check: () => tooFewRanges(db) },
    ],
    metrics,
  });
  await using server = await startHealthServer(health, config.HEALTH_PORT);
  const ending = Promise.withResolvers<never>();
  const carrying = { config, connection, processing, onFatal: ending.reject, logger };
  consumed = await Promise.all([
    ...(carried.commands ? [carryCommands(carrying)] : []),
    ...carried.queues.map((queue) => carryQueue(carrying, queue)),
  ]);
  watchLag(metrics, () => consumed.flatMap(({ watchdog }) => watchdog.lag()));
  logger.info({ port: server.port, topics: consumed.map(({ topic }) => topic) }, "processor.started");
  const stop = async () => {
    await Promise.all(consumed.map((each) => each.stop()));
    await processing.drain();
    await producer.close();
  };
  const { RETENTION_DAYS: retentionDays, IDEMPOTENCY_DAYS: keysDays } = config;
  const upkeep = { db, retentionDays, keysDays, metrics: upkeepMetrics(metrics), logger };
  const parts: Part[] = [
    { name: "consumers", run: (signal) => untilStopped(signal, ending.promise, stop) },
    { name: "upkeep", run: (signal) => keepTables(upkeep, signal) },
    ...(carried.commands ? ownerParts({ config, db, catalog, processing, logger }) : []),
  ];
  return await runParts(parts, { graceMs: config.SHUTDOWN_GRACE_MS, logger });
}

interface Owning {
  config: ProcessorConfig;
  db: Database;
  catalog: Catalog;
  processing: Processing;
  logger: Logger;
}

/** What the owner of partitions does besides consuming: it hears of requests, results and sync steps, and mends what Kafka lost. */
function ownerParts({ config, db, catalog, processing, logger }: Owning): Part[] {
  const { ownership, outbox, pauses } = processing;
  const onNotify = (payload: string | undefined) => wakeNotified(ownership, payload);
  const hear = (channel: "postback_requests" | "postback_step_results") => (signal: AbortSignal) =>
    listen({ url: config.DATABASE_URL, channel, onNotify, logger, signal });
  const onPauses = (payload: string | undefined) => wakePauses(pauses, ownership, payload);
  // A connection that only types which go ahead need; without it pauses are granted within a second.
  const pausesTold: Part = {
    name: "pauses told",
    run: (signal) =>
      listen({ url: config.DATABASE_URL, channel: "postback_pauses", onNotify: onPauses, logger, signal }),
  };
  const onOutbox = (payload: string | undefined) => wakeOutbox(outbox, ownership, payload);
  return [
    { name: "requests", run: (signal) => followRequests(db, ownership, signal, logger) },
    { name: "requests told", run: hear("postback_requests") },
    { name: "results", run: (signal) => followResults(db, ownership, signal, logger) },
    { name: "results told", run: hear("postback_step_results") },
    { name: "outbox", run: (signal) => followOutbox(db, outbox, ownership, signal, logger) },
    {
      name: "outbox told",
      run: (signal) =>
        listen({ url: config.DATABASE_URL, channel: "postback_outbox", onNotify: onOutbox, logger, signal }),
    },
    { name: "pauses", run: (signal) => followPauses(db, pauses, ownership, signal, logger) },
    ...(catalog.goesAhead ? [pausesTold] : []),
    { name: "repair", run: (signal) => processing.repair(signal) },
  ];
}

/** `/readyz` fails below two days: soon after, rows could not be written at all. */
async function tooFewRanges(db: Database): Promise<Reason> {
  const days = await daysAhead(db);
  return days >= 2 ? undefined : `tables have ranges for ${days.toFixed(1)} more days only: run the migrations`;
}
