import { openDatabase } from "@postback/database";
import { createProducer, waitForKafka } from "@postback/kafka";
import { loadCatalogs } from "@postback/operations";
import { createLogger, runMain, runParts } from "@postback/runtime";
import { followKeyChanges } from "./auth/follow-key-changes.ts";
import { noteKeyUses } from "./auth/note-key-uses.ts";
import { comparePartitions } from "./compare-partitions.ts";
import { composeIngest } from "./compose.ts";
import { readIngestConfig } from "./config.ts";
import { listenHttp } from "./http/server.ts";
import { openWalled } from "./open-walled.ts";

/** Reads the environment, connects, serves until a signal, then drains: requests first, rows and messages after them. */
async function main(): Promise<0 | 1> {
  const config = readIngestConfig(process.env);
  const logger = createLogger({ app: "ingest", level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const catalog = await loadCatalogs(config.POSTBACK_CATALOG, { from: process.cwd() });
  await using db = openDatabase({
    url: config.DATABASE_URL,
    applicationName: "postback-ingest",
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    logger,
  });
  await using walled = await openWalled(config, logger);
  await comparePartitions(db, config.PARTITIONS, logger);
  const kafka = { brokers: config.KAFKA_BROKERS, clientId: "postback-ingest", logger };
  await waitForKafka(kafka);
  const producer = await createProducer(kafka);
  try {
    const { app, onUpgrade, keys, projection, parts } = composeIngest({
      config,
      logger,
      kafka,
      producer,
      db,
      walled,
      catalog,
    });
    const { part } = await listenHttp(app.callback(), { port: config.PORT, host: config.HOST, onUpgrade, logger });
    const exitCode = await runParts(
      [part, noteKeyUses(keys, logger), followKeyChanges(keys, config.DATABASE_URL, logger), ...parts],
      {
        graceMs: config.SHUTDOWN_GRACE_MS,
        logger,
      },
    );
    await projection.drained();
    return exitCode;
  } finally {
    await producer.close();
  }
}

await runMain(main);
