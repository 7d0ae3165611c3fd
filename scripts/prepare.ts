/** Brings Kafka and PostgreSQL to where the apps can start; see the help below. */
import { parseArgs } from "node:util";
import { createTenant, type Database, openDatabase, recordedPartitions } from "../packages/database/src/index.ts";
import { drawApiKey, newId } from "../packages/domain/src/index.ts";
import {
  checkTopics,
  describeTopics,
  ensureTopics,
  type KafkaConnection,
  postbackTopics,
  waitForKafka,
} from "../packages/kafka/src/index.ts";
import { prepareDatabase } from "../packages/local-stack/src/database/prepare-database.ts";
import { storeApiKey } from "../packages/local-stack/src/database/store-api-key.ts";
import { loadCatalogs } from "../packages/operations/src/index.ts";
import {
  type Config,
  createLogger,
  defineConfig,
  integerText,
  readConfig,
  setting,
  sharedSettings,
} from "../packages/runtime/src/index.ts";

const help = `Usage: node scripts/prepare.ts [--tenant <name>]

Makes what the apps need and what isn't there: the topics, also those of the catalogs' queues, Postback's tables, then those of the catalogs. Run it before
the first start and with each release; what is there stays as it is. It ends with 1, and says why, when something differs
from this configuration in a way that would lose messages or their order.

  --tenant <name>   makes a tenant as well, and prints its first API key: it can't be shown again
  --help            shows this

  KAFKA_BROKERS, DATABASE_URL   needed
  TOPIC_PREFIX, PARTITIONS, POSTBACK_CATALOG, POSTBACK_ENV   as the apps have them
  REPLICATION_FACTOR   copies of each topic (default 3, in development 1); all but one must be in sync
`;

const { POSTBACK_ENV, POSTBACK_CATALOG, KAFKA_BROKERS, TOPIC_PREFIX, PARTITIONS, DATABASE_URL, LOG_LEVEL } =
  sharedSettings;

const definition = defineConfig({
  POSTBACK_ENV,
  POSTBACK_CATALOG,
  KAFKA_BROKERS,
  TOPIC_PREFIX,
  PARTITIONS,
  DATABASE_URL,
  LOG_LEVEL: setting(LOG_LEVEL.schema, { ...LOG_LEVEL, default: "warn" }),
  REPLICATION_FACTOR: setting(integerText(1, 9).optional(), { description: "Copies of each topic" }),
});

type PrepareConfig = Config<typeof definition>;

async function prepare(config: PrepareConfig, tenant: string | undefined): Promise<void> {
  const logger = createLogger({ app: "prepare", level: config.LOG_LEVEL, format: "json" });
  await prepareTopics(config, { brokers: config.KAFKA_BROKERS, clientId: "postback-prepare", logger });
  await using db = openDatabase({ url: config.DATABASE_URL, applicationName: "postback-prepare", logger });
  await prepareTables(config, db);
  if (tenant !== undefined) await makeTenant(config, db, tenant);
}

async function prepareTopics(config: PrepareConfig, connection: KafkaConnection): Promise<void> {
  const replicationFactor = config.REPLICATION_FACTOR ?? (config.POSTBACK_ENV === "development" ? 1 : 3);
  const minInsyncReplicas = Math.max(1, replicationFactor - 1);
  const { TOPIC_PREFIX: prefix, PARTITIONS: partitions } = config;
  const { queues } = await loadCatalogs(config.POSTBACK_CATALOG, { from: process.cwd() });
  const topics = postbackTopics(prefix, { partitions, replicationFactor, minInsyncReplicas, queues });
  await waitForKafka(connection);
  const made = await ensureTopics(connection, topics);
  console.log(made.length === 0 ? "Topics: all are there" : `Topics: made ${made.join(", ")}`);
  const names = topics.map(({ name }) => name);
  const expected = names.map((name) => ({
    name,
    partitions,
    replicationFactorMin: replicationFactor,
    minInsyncReplicasMin: minInsyncReplicas,
  }));
  const problems = checkTopics(await describeTopics(connection, names), expected);
  if (problems.length > 0) throw new Error(`The topics can't be used so:\n  ${problems.join("\n  ")}`);
}

async function prepareTables({ DATABASE_URL: url, ...config }: PrepareConfig, db: Database): Promise<void> {
  const applied: string[] = [];
  const onMigration = (name: string) => {
    applied.push(name);
    console.log(`Migration: ${name}`);
  };
  await prepareDatabase(db, { url, catalog: config.POSTBACK_CATALOG, from: process.cwd(), onMigration });
  if (applied.length === 0) console.log("Migrations: all are applied");
  const recorded = await recordedPartitions(db, config.PARTITIONS);
  if (recorded !== config.PARTITIONS) {
    throw new Error(`PARTITIONS is ${config.PARTITIONS}, but this installation was made with ${recorded}: set that.`);
  }
}

async function makeTenant({ POSTBACK_ENV: env }: PrepareConfig, db: Database, name: string): Promise<void> {
  const tenant = { id: newId(), name };
  const apiKey = drawApiKey(env === "development" ? "dev" : "live");
  await createTenant(db, tenant);
  await storeApiKey(db, tenant.id, apiKey, "first");
  console.log(`Tenant ${name} (${tenant.id}); its API key, which can't be shown again:\n${apiKey}`);
}

try {
  const { values } = parseArgs({ options: { tenant: { type: "string" }, help: { type: "boolean", short: "h" } } });
  if (values.help) console.log(help);
  else await prepare(readConfig(definition, process.env), values.tenant);
} catch (error) {
  console.error(`Not prepared: ${reasonOf(error)}`);
  process.exitCode = 1;
}

/** A host with several addresses fails with one error for each, and with no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(String).join("\n");
  return error instanceof Error ? error.message : String(error);
}
