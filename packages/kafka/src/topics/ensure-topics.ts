import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { connectAdmin } from "../admin.ts";
import type { KafkaConnection } from "../connection.ts";
import { KafkaError, KafkaUnavailable } from "../errors.ts";

export interface TopicSpec {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Kafka's topic settings, `retention.ms`. */
  configs?: Record<string, string>;
}

const POLL_MS = 50;
/** Just after topics were made, one answer can know a leader and the next not; so many in a row must agree. */
const STABLE_ANSWERS = 3;

/**
 * Makes the topics that lack (two processes may do so at once) and waits until every partition of all of them has a leader that
 * each broker asked knows. Topics that exist stay as they are: see `checkTopics`.
 * @returns the names of those that lacked
 * @throws {KafkaError} `topics-not-made` when Kafka refuses one (too few brokers for its replicas, no right to)
 * @throws {KafkaUnavailable} when no broker answers, or leaders lack after `timeoutMs` (default 30,000)
 */
export async function ensureTopics(
  connection: KafkaConnection,
  specs: readonly TopicSpec[],
  { timeoutMs = 30_000 } = {},
): Promise<string[]> {
  await using admin = await connectAdmin(connection);
  const existing = new Set(await admin.client.listTopics());
  const lacking = specs.filter(({ name }) => !existing.has(name));
  // False when another process was quicker with one of them: then what still lacks is made one by one.
  if (lacking.length > 0 && !(await create(admin.client, lacking))) {
    for (const spec of lacking) await create(admin.client, [spec]);
  }
  await leadersKnown(admin.client, specs, timeoutMs);
  return lacking.map(({ name }) => name);
}

async function create(client: Admin, specs: readonly TopicSpec[]): Promise<boolean> {
  try {
    return await client.createTopics(toRequest(specs));
  } catch (cause) {
    const details = cause instanceof Error && "errors" in cause && Array.isArray(cause.errors) ? cause.errors : [cause];
    const text = `Kafka did not make the topics ${specs.map(({ name }) => name).join(", ")}: ${details.map(String).join("; ")}`;
    throw new KafkaError("topics-not-made", text, { retryable: false, cause });
  }
}

const toRequest = (specs: readonly TopicSpec[]) => ({
  waitForLeaders: false,
  topics: specs.map(({ name, partitions, replicationFactor, configs = {} }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor,
    configEntries: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  })),
});

async function leadersKnown(client: Admin, specs: readonly TopicSpec[], timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let cause: unknown;
  for (let stable = 0; stable < STABLE_ANSWERS; await sleep(POLL_MS)) {
    try {
      stable = (await allHaveLeaders(client, specs)) ? stable + 1 : 0;
    } catch (error) {
      // Metadata of a topic that is new is an error until its broker has heard of it.
      cause = error;
      stable = 0;
    }
    if (performance.now() > deadlineMs) {
      throw new KafkaUnavailable(
        `some partitions of ${specs.map(({ name }) => name).join(", ")} have no leader after ${timeoutMs} ms`,
        {
          cause,
        },
      );
    }
  }
}

async function allHaveLeaders(client: Admin, specs: readonly TopicSpec[]): Promise<boolean> {
  if (specs.length === 0) return true;
  const { topics } = await client.fetchTopicMetadata({ topics: specs.map(({ name }) => name) });
  return (
    topics.length === specs.length &&
    topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))
  );
}
