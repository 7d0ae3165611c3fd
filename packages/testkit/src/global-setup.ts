import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import type { ProvidedBrokers } from "./brokers/provided.ts";
import { type RunBrokers, startRunBrokers } from "./brokers/run-brokers.ts";
import { ensureTemplate } from "./database/template-database.ts";
import { dropDatabases } from "./database/test-database.ts";

interface Run {
  readonly brokers: RunBrokers;
  readonly provided: ProvidedBrokers;
}

interface SharedRun {
  users: number;
  readonly run: Promise<Run>;
}

/** Each Vitest project loads this file for itself, so what they share can't be in the module. */
const shared = globalThis as typeof globalThis & { postbackTestRun?: SharedRun | undefined };

/** One Postgres and one Kafka for the whole run: started for the first project that needs them, stopped by the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.postbackTestRun ??= { users: 0, run: startRun() };
  const current = shared.postbackTestRun;
  current.users += 1;
  project.provide("brokers", (await current.run).provided);
  return async () => {
    current.users -= 1;
    if (current.users > 0) return;
    shared.postbackTestRun = undefined;
    await endRun(await current.run);
  };
}

async function startRun(): Promise<Run> {
  const brokers = await startRunBrokers();
  const { postgres, kafka } = brokers;
  try {
    const templateDatabase = await ensureTemplate(postgres.address);
    const provided = {
      kafka: kafka.address.split(","),
      postgresUrl: postgres.address,
      templateDatabase,
      databasePrefix: `postback_test_${randomBytes(4).toString("hex")}_`,
      logFiles: logFilesOf(brokers),
    };
    return { brokers, provided };
  } catch (error) {
    await brokers.stop();
    throw error;
  }
}

async function endRun({ brokers, provided }: Run): Promise<void> {
  // A server that was given to us lives on: leave nothing in it but the template, which the next run uses again.
  await dropDatabases(provided.postgresUrl, provided.databasePrefix);
  await brokers.stop();
}

function logFilesOf({ postgres, kafka }: RunBrokers): Record<string, string> {
  const files = Object.entries({ postgres: postgres.logFile, kafka: kafka.logFile });
  return Object.fromEntries(files.flatMap(([name, file]) => (file === undefined ? [] : [[name, file]])));
}
