import { mkdirSync } from "node:fs";
import { openDatabase } from "@postback/database";
import { ensureTopics, postbackTopics } from "@postback/kafka";
import { loadCatalogs } from "@postback/operations";
import type { AppSettings } from "./apps/app-environment.ts";
import type { AppProcess } from "./apps/app-process.ts";
import { planApps, startApps } from "./apps/start-apps.ts";
import { type Broker, startDatabase, startKafkaBroker } from "./brokers/start-brokers.ts";
import { absoluteCatalogs, checkout } from "./checkout.ts";
import { prepareDatabase } from "./database/prepare-database.ts";
import { developmentTenant, ensureDevelopmentKey } from "./folder/development-key.ts";
import { developmentKeyring } from "./folder/development-keyring.ts";
import { checkPort } from "./port-taken.ts";
import { silent } from "./silent.ts";
import type { Stack, StackOptions } from "./stack.ts";

const defaultPartitions = 12;

/** What is running, for the stop; grows while the stack starts. */
interface Running {
  readonly brokers: Broker<unknown>[];
  readonly apps: AppProcess[];
}

/**
 * Starts a whole Postback on this machine: brokers, topics, migrations, a tenant with its API key, the apps. Resolves
 * when every app is ready. Everything ends with this process, however that ends.
 *
 * @throws PortTaken; StartFailure of a broker, AppStartFailure of an app, each with the end of its log and what to do; nothing is
 *   left running then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const running: Running = { brokers: [], apps: [] };
  if (options.port !== undefined) await checkPort(options.port);
  mkdirSync(options.folder, { recursive: true });
  try {
    return await start(options, running);
  } catch (error) {
    await stopAll(running);
    throw error;
  }
}

async function start(options: StackOptions, running: Running): Promise<Stack> {
  const catalog = absoluteCatalogs(options.catalog ?? "");
  const [kafka, { databaseUrl, apiKey }] = await bothOrNeither(
    readyKafka(options, catalog, running),
    readyDatabase(options, catalog, running),
  );
  options.signal?.throwIfAborted();
  const settings = settingsOf(options, { kafka, databaseUrl, catalog });
  const plans = await planApps(options, settings);
  await startApps(plans, {
    onStarted: (app) => running.apps.push(app),
    onReady: ({ name, healthUrl }) => options.onProgress?.(`${name} is ready: ${healthUrl}`),
  });
  options.signal?.throwIfAborted();
  const api = plans.find(({ name }) => name === "ingest");
  return stackOf(running, { url: `http://127.0.0.1:${api?.port ?? options.port ?? 0}`, apiKey, databaseUrl, kafka });
}

async function readyKafka(options: StackOptions, catalog: string, running: Running): Promise<readonly string[]> {
  const broker = await startKafkaBroker(options);
  running.brokers.push(broker);
  options.onProgress?.(`Kafka is ready: ${broker.address.join(", ")}`);
  const { partitions = defaultPartitions, topicPrefix = "", replicationFactor = 1 } = options;
  const minInsyncReplicas = Math.max(1, replicationFactor - 1);
  const { queues } = await loadCatalogs(catalog, { from: checkout });
  const topics = postbackTopics(topicPrefix, { partitions, replicationFactor, minInsyncReplicas, queues });
  const connection = { brokers: broker.address, clientId: "postback-local-stack", logger: silent };
  const made = await ensureTopics(connection, topics);
  if (made.length > 0) options.onProgress?.(`Topics are made: ${made.join(", ")}`);
  return broker.address;
}

async function readyDatabase(options: StackOptions, catalog: string, running: Running) {
  const server = await startDatabase(options);
  running.brokers.push(server);
  const databaseUrl = server.address;
  options.onProgress?.(`PostgreSQL is ready: ${withoutPassword(databaseUrl)}`);
  await using db = openDatabase({ url: databaseUrl, applicationName: "postback-local-stack", logger: silent });
  const onMigration = (name: string) => options.onProgress?.(`Migration: ${name}`);
  await prepareDatabase(db, { url: databaseUrl, catalog, from: checkout, onMigration });
  const apiKey = await ensureDevelopmentKey(db, options.folder);
  return { databaseUrl, apiKey };
}

function settingsOf(
  { folder, topicPrefix = "", partitions = defaultPartitions }: StackOptions,
  found: Pick<AppSettings, "kafka" | "databaseUrl" | "catalog">,
): AppSettings {
  return { ...found, keyring: developmentKeyring(folder), topicPrefix, partitions };
}

function stackOf(running: Running, facts: Pick<Stack, "url" | "apiKey" | "databaseUrl" | "kafka">): Stack {
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopAll(running);
    return stopped;
  };
  const processes = () => [
    ...running.apps.filter(({ isRunning }) => isRunning).map(({ name, pid }) => ({ name, pid })),
    ...running.brokers.flatMap((broker) => broker.processes()),
  ];
  return {
    ...facts,
    tenantId: developmentTenant.id,
    apps: running.apps,
    processes,
    stop,
    kill: () => {
      for (const { pid } of processes()) killIfThere(pid);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** The apps first, so that they drain into brokers that still answer. */
async function stopAll({ apps, brokers }: Running): Promise<void> {
  await Promise.all(apps.map((app) => app.stop()));
  await Promise.all(brokers.map((broker) => broker.stop()));
}

/** Waits for both even when one fails, so that a broker that was still starting is known and can be stopped. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return await Promise.all([first, second]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // Gone already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.password = "";
  return url.href;
}
