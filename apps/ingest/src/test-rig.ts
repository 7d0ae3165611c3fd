import { hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { topicNames } from "@postback/contracts";
import { createApiKey, createTenant, type Database, openDatabase, parseKeyring } from "@postback/database";
import { newId } from "@postback/domain";
import { connectAdmin, createProducer, ensureTopics, type KafkaConnection } from "@postback/kafka";
import { type Catalog, defineCatalog, defineOperation, joinCatalogs } from "@postback/operations";
import { createLogger } from "@postback/runtime";
import { createTestDatabase, testBrokers, testTopicPrefix } from "@postback/testkit";
import { z } from "zod";
import { followKeyChanges } from "./auth/follow-key-changes.ts";
import { composeIngest } from "./compose.ts";
import { readIngestConfig } from "./config.ts";
import { type HttpTimeouts, listenHttp } from "./http/server.ts";
import { openWalled } from "./open-walled.ts";

const partitions = 3;

const rename = defineOperation({
  type: "sku.rename",
  revision: 1,
  input: z.strictObject({ sku: z.string().min(1), name: z.string().max(20) }),
  entity: { type: "sku", id: ({ sku }) => sku },
  example: { sku: "sku-1", name: "Left-handed mug" },
}).transaction("rename", { run: () => {}, compensate: () => {} });

const renaming = joinCatalogs([
  defineCatalog({ name: "test", operations: [rename], events: { "sku.renamed": z.object({}) } }),
]);

const logger = createLogger({ app: "ingest", level: "silent", format: "json" });

export interface NewKey {
  scopes: string[];
  tenantId?: string;
}

/** A way to a server that can be cut and mended: what is connected is reset, what tries to connect is refused. */
async function cuttableWay(to: URL): Promise<CuttableWay> {
  const open = new Set<Socket>();
  const forward = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.pipe(other);
      // Either end may be cut at any moment: that is what this is for.
      one.on("error", () => other.destroy()).on("close", () => open.delete(one));
    }
  });
  await once(forward.listen(0, "127.0.0.1"), "listening");
  const { port } = forward.address() as AddressInfo;
  const cut = async () => {
    if (!forward.listening) return;
    const closed = once(forward, "close");
    forward.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  const mend = async () => void (await once(forward.listen(port, "127.0.0.1"), "listening"));
  const url = new URL(to);
  url.host = `127.0.0.1:${port}`;
  return { url, cut, mend, [Symbol.asyncDispose]: cut };
}

interface CuttableWay extends AsyncDisposable {
  url: URL;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A login in the role of the API, which ends with the test: roles are the server's. */
async function walledLogin(db: Database, databaseUrl: URL, stack: AsyncDisposableStack): Promise<string> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await db.pool.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret' IN ROLE postback_api`);
  stack.defer(async () => void (await db.pool.query(`DROP ROLE ${name}`)));
  const url = new URL(databaseUrl);
  url.username = name;
  url.password = "secret";
  return url.href;
}

export interface IngestOptions {
  catalog?: Catalog;
  /** More of its environment. */
  env?: Record<string, string>;
  timeouts?: HttpTimeouts;
  /** Reads and manages under the role of the API, as with DATABASE_URL_API. */
  isWalled?: boolean;
}

/** Ingest itself, in this process, on the run's Kafka and a database of its own; a test file has one. */
export async function startIngest({ catalog = renaming, env = {}, timeouts, isWalled = false }: IngestOptions = {}) {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const postgres = stack.use(await cuttableWay(new URL(database.url)));
  const config = readIngestConfig({
    POSTBACK_ENV: "development",
    KAFKA_BROKERS: testBrokers().join(","),
    DATABASE_URL: postgres.url.href,
    TOPIC_PREFIX: testTopicPrefix(),
    PARTITIONS: String(partitions),
    SECRET_KEYRING: `test:${randomBytes(32).toString("base64")}`,
    ...env,
  });
  const topics = topicNames(config.TOPIC_PREFIX);
  const kafka: KafkaConnection = { brokers: config.KAFKA_BROKERS, clientId: "ingest-test", logger };
  const names = [topics.commands, topics.events];
  await ensureTopics(
    kafka,
    names.map((name) => ({ name, partitions, replicationFactor: 1 })),
  );
  const producer = stack.adopt(await createProducer(kafka), (one) => one.close());
  const db = stack.use(openDatabase({ url: postgres.url.href, applicationName: "ingest-test", logger }));
  const walled = isWalled ? await walledLogin(db, postgres.url, stack) : undefined;
  const walledDb = await openWalled({ ...config, DATABASE_URL_API: walled }, logger);
  if (walledDb !== undefined) stack.use(walledDb);
  const ingest = composeIngest({ config, logger, kafka, producer, db, walled: walledDb, catalog });
  const { port, part } = await listenHttp(ingest.app.callback(), {
    port: 0,
    host: "127.0.0.1",
    onUpgrade: ingest.onUpgrade,
    logger,
    timeouts,
  });
  const stopping = new AbortController();
  const parts = [part, followKeyChanges(ingest.keys, postgres.url.href, logger), ...ingest.parts];
  const served = Promise.all(parts.map((one) => one.run(stopping.signal)));
  stack.defer(async () => {
    stopping.abort();
    await served;
  });
  const tenantId = newId();
  await createTenant(db, { id: tenantId, name: "test" });

  return {
    url: `http://127.0.0.1:${port}`,
    tenantId,
    topics,
    kafka,
    producer,
    db,
    /** The way to Postgres, which can be cut. */
    postgres,
    keyring: parseKeyring(`test:${config.SECRET_KEYRING.keys.get("test")?.toString("base64")}`),
    /** Makes an API key that is in force. @returns the key as a client sends it */
    async apiKey({ scopes, tenantId: other }: NewKey): Promise<string> {
      const keyId = randomBytes(6).toString("hex");
      const secret = randomBytes(32).toString("base64url");
      const secretHash = new Uint8Array(hash("sha256", secret, "buffer"));
      if (other !== undefined) await createTenant(db, { id: other, name: "other" });
      await createApiKey(db, { tenantId: other ?? tenantId, keyId, secretHash, scopes, name: "test" });
      return `pb_test_${keyId}_${secret}`;
    },
    /** How many messages both topics have had. */
    async messagesWritten(): Promise<number> {
      await using admin = await connectAdmin(kafka);
      const offsets = await Promise.all(names.map((name) => admin.client.fetchTopicOffsets(name)));
      return offsets.flat().reduce((sum, { offset }) => sum + Number(offset), 0);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export type RunningIngest = Awaited<ReturnType<typeof startIngest>>;
