import { hash, randomBytes, randomInt } from "node:crypto";
import type { Scope } from "@postback/contracts";
import { createApiKey, createTenant, type Database, openDatabase } from "@postback/database";
import { applyMigrations } from "@postback/database/migrate";
import { newId } from "@postback/domain";
import { ensureTopics, postbackTopics } from "@postback/kafka";
import { applyCatalogMigrations, loadCatalogs } from "@postback/operations";
import { createLogger } from "@postback/runtime";

export interface InstallationSettings {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** `POSTBACK_CATALOG`; empty for none. */
  readonly catalog: string;
}

const logger = createLogger({ app: "prepare-installation", level: "error", format: "json" });

/**
 * Makes the topics and tables that lack; what is there stays as it is. Repeat it with each release.
 * @throws when Kafka refuses a topic or a migration fails; what was made until then stays
 */
export async function prepareInstallation(settings: InstallationSettings): Promise<void> {
  const { brokers, databaseUrl, topicPrefix, partitions, replicationFactor, catalog } = settings;
  const minInsyncReplicas = Math.max(1, replicationFactor - 1);
  await ensureTopics(
    { brokers, clientId: "prepare-installation", logger },
    postbackTopics(topicPrefix, { partitions, replicationFactor, minInsyncReplicas }),
  );
  await applyMigrations({ url: databaseUrl });
  const { migrations } = await loadCatalogs(catalog, { from: process.cwd() });
  await using db = openDatabase({ url: databaseUrl, applicationName: "prepare-installation", logger });
  const client = await db.pool.connect();
  try {
    for (const each of migrations) await applyCatalogMigrations(client, each);
  } finally {
    client.release();
  }
}

const scopes: readonly Scope[] = ["operations:write", "operations:read", "endpoints:write", "endpoints:read"];
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Makes a tenant with one API key. @returns the key; the database has its hash alone, so it can't be shown again */
export async function makeTenant(db: Database, name: string): Promise<string> {
  const tenantId = newId();
  const keyId = Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join("");
  const secret = randomBytes(32).toString("base64url");
  const secretHash = new Uint8Array(hash("sha256", secret, "buffer"));
  await createTenant(db, { id: tenantId, name });
  await createApiKey(db, { tenantId, keyId, secretHash, scopes: [...scopes], name: "first" });
  return `pb_live_${keyId}_${secret}`;
}

if (import.meta.main) {
  const { KAFKA_BROKERS = "", DATABASE_URL = "", POSTBACK_CATALOG = "", TOPIC_PREFIX = "" } = process.env;
  const { PARTITIONS = "48", REPLICATION_FACTOR = "3", TENANT_NAME } = process.env;
  await prepareInstallation({
    brokers: KAFKA_BROKERS.split(","),
    databaseUrl: DATABASE_URL,
    topicPrefix: TOPIC_PREFIX,
    partitions: Number(PARTITIONS),
    replicationFactor: Number(REPLICATION_FACTOR),
    catalog: POSTBACK_CATALOG,
  });
  if (TENANT_NAME !== undefined) {
    await using db = openDatabase({ url: DATABASE_URL, applicationName: "prepare-installation", logger });
    console.log(await makeTenant(db, TENANT_NAME));
  }
}
