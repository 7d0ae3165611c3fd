import { randomInt } from "node:crypto";
import { once } from "node:events";
import { topicNames } from "@postback/contracts";
import { type Database, isDataFailure } from "@postback/database";
import type { KafkaConnection, Producer } from "@postback/kafka";
import type { Catalog } from "@postback/operations";
import { createHealth, createMetrics, type Logger, type Part } from "@postback/runtime";
import type Koa from "koa";
import { acceptEvent } from "./accept-event.ts";
import { acceptOperation, acceptOperations } from "./accept-operation.ts";
import { acceptSync } from "./accept-sync/accept-sync.ts";
import { EntityTurns } from "./accept-sync/entity-turns.ts";
import { KnownKeys } from "./auth/known-keys.ts";
import { RateLimits } from "./auth/rate-limits.ts";
import { readinessChecks } from "./check-readiness.ts";
import type { IngestConfig } from "./config.ts";
import { createApp } from "./http/app.ts";
import { checkUrlBy } from "./http/endpoints/check-url.ts";
import { type OnUpgrade, upgradeToStream } from "./http/stream/upgrade.ts";
import { groupLag } from "./lag/group-lag.ts";
import { watchLag } from "./lag/watch-lag.ts";
import { Listeners } from "./listen/listeners.ts";
import { CommandProjection } from "./project-commands.ts";
import { pushOn } from "./push/push.ts";
import { storeOn } from "./store.ts";
import { type Waits, waitsOn } from "./waits/waits.ts";

export interface Connected {
  config: IngestConfig;
  logger: Logger;
  kafka: KafkaConnection;
  producer: Producer;
  db: Database;
  /** The same under a role that sees one tenant at a time. */
  walled?: Database | undefined;
  catalog: Catalog;
}

export interface Ingest {
  app: Koa;
  onUpgrade: OnUpgrade;
  keys: KnownKeys;
  projection: CommandProjection;
  /** What runs beside the HTTP server, and ends with it. */
  parts: readonly Part[];
}

/** Puts ingest together on what is connected; it does nothing by itself. */
export function composeIngest({ config, logger, kafka, producer, db, walled, catalog }: Connected): Ingest {
  const metrics = createMetrics("ingest");
  const topics = topicNames(config.TOPIC_PREFIX);
  const partitions = config.PARTITIONS;
  const store = storeOn(db, walled);
  const keys = new KnownKeys({ store });
  const rows = metrics.counter({
    name: "projected_commands_total",
    help: "Rows of accepted commands: written, or left to the processor and why",
    labels: ["outcome"],
  });
  const projection = new CommandProjection({ store, isDataFailure, logger, rows });
  const synced = metrics.counter({
    name: "synced_writes_total",
    help: "Writes with sync steps: made, found, or the problem that they were refused with",
    labels: ["outcome"],
  });
  const sync = acceptSync({
    db,
    partitions,
    // Half of the pool: rows of other writes, keys and reads need connections too.
    turns: new EntityTurns({ atOnceMax: Math.max(1, Math.floor(config.DATABASE_POOL_MAX / 2)) }),
    logger,
    outcomes: synced,
  });
  metrics.gauge({
    name: "producer_waiting_messages",
    help: "Messages that Kafka has not acknowledged",
    collect: (gauge) => gauge.set(producer.waiting),
  });
  const accepting = { producer, projection, store, topic: topics.commands, partitions, acceptSync: sync };
  const waits = waitsOn({ store, logger, max: config.WAITS_MAX, perKeyMax: config.WAITS_PER_KEY_MAX });
  metrics.gauge({
    name: "waiting_requests",
    help: "Requests that wait for an operation or an entity",
    collect: (gauge) => gauge.set(waits.places.taken),
  });
  const lag = watchLag({ kafka, groupId: `${config.TOPIC_PREFIX}processor`, topic: topics.commands, logger });
  const dispatchLag = watchLag({
    kafka,
    groupId: `${config.TOPIC_PREFIX}webhook-dispatcher`,
    topic: topics.events,
    logger,
  });
  const { push, parts: pushParts } = pushOn({
    kafka,
    topic: topics.events,
    partitions,
    store,
    keys,
    secrets: [...config.SECRET_KEYRING.keys.values()],
    streamsMax: config.STREAMS_MAX,
    streamsPerKeyMax: config.STREAMS_PER_KEY_MAX,
    metrics,
    logger,
  });
  const listeners = new Listeners({ url: config.LISTEN_URL, store, keyring: config.SECRET_KEYRING, logger });
  metrics.gauge({
    name: "open_listeners",
    help: "Temporary endpoints of clients that listen",
    collect: (gauge) => gauge.set(listeners.open),
  });
  const app = createApp({
    acceptOperation: acceptOperation(accepting),
    acceptOperations: acceptOperations(accepting),
    acceptEvent: acceptEvent({ producer, topic: topics.events, partitions, spreadFrom: randomInt(partitions) }),
    catalog,
    checkUrl: checkUrlBy({ allowHttp: config.ALLOW_HTTP, allowedSubnets: config.ALLOWED_SUBNETS }),
    concurrencyMax: config.CONCURRENCY_MAX,
    // It consumes nothing that could stand still; with Kafka away a restart would not help, and it is not ready.
    health: createHealth({ live: () => undefined, ready: readinessChecks(config, kafka, db), metrics }),
    keyring: config.SECRET_KEYRING,
    keys,
    rateLimits: new RateLimits({ perSecond: config.RATE_LIMIT_PER_SECOND }),
    keyEnv: config.POSTBACK_ENV === "development" ? "dev" : "live",
    logger,
    metrics,
    push,
    redriving: { producer, store, eventsTopic: topics.events, partitions },
    retryAfterSeconds: lag.retryAfterSeconds,
    listeners,
    lagOfGroups: () => {
      const [commands, events] = [lag.seen(), dispatchLag.seen()];
      return [
        commands && groupLag({ group: "processor", topic: "commands" }, commands),
        events && groupLag({ group: "webhook-dispatcher", topic: "events" }, events),
      ];
    },
    store,
    topicPrefix: config.TOPIC_PREFIX,
    version,
    waits,
  });
  const onUpgrade = upgradeToStream({ push, store, keys, listeners, logger });
  const parts = [endWaits(waits), lag.part, dispatchLag.part, listeners.part, ...pushParts];
  return { app, onUpgrade, keys, projection, parts };
}

/** Requests that wait are answered with what is known when the process has to stop. */
const endWaits = (waits: Waits): Part => ({
  name: "waits",
  async run(signal) {
    if (!signal.aborted) await once(signal, "abort");
    waits.close();
  },
});

/** Of the API, as `/openapi.json` names it. */
const version = "0.1.0";
