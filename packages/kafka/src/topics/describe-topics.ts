import type { Admin } from "kafkajs";
import { connectAdmin } from "../admin.ts";
import type { KafkaConnection } from "../connection.ts";

/** Kafka's number for "this resource is a topic"; Node can't see kafkajs' own name for it among its CommonJS exports. */
const TOPIC_RESOURCE = 2;

export interface TopicDescription {
  name: string;
  partitions: number;
  /** Of the partition that has the fewest replicas. */
  replicationFactor: number;
  minInsyncReplicas: number;
  /** Whether a replica that lacks acknowledged messages may become leader. */
  uncleanLeaderElection: boolean;
  /** Partitions that have no leader now. */
  leaderless: number[];
}

/**
 * What Kafka says about topics, in the order asked for; those that don't exist are left out.
 * @throws {KafkaUnavailable} when no broker answers
 */
export async function describeTopics(
  connection: KafkaConnection,
  names: readonly string[],
): Promise<TopicDescription[]> {
  await using admin = await connectAdmin(connection);
  const existing = new Set(await admin.client.listTopics());
  return await readTopics(
    admin.client,
    names.filter((name) => existing.has(name)),
  );
}

/** The same over a connection that is there, for topics that are known to exist. */
async function readTopics(client: Admin, names: readonly string[]): Promise<TopicDescription[]> {
  if (names.length === 0) return [];
  const { topics } = await client.fetchTopicMetadata({ topics: [...names] });
  const configs = await client.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({
      type: TOPIC_RESOURCE,
      name,
      configNames: ["min.insync.replicas", "unclean.leader.election.enable"],
    })),
  });
  const entries = new Map(configs.resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
  const partitionsOf = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  return names.map((name) => {
    const partitions = partitionsOf.get(name) ?? [];
    const settingOf = (key: string) => entries.get(name)?.find(({ configName }) => configName === key)?.configValue;
    return {
      name,
      partitions: partitions.length,
      replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      minInsyncReplicas: Number(settingOf("min.insync.replicas")),
      uncleanLeaderElection: settingOf("unclean.leader.election.enable") === "true",
      leaderless: partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => partitionId),
    };
  });
}
