import type { TopicDescription } from "./describe-topics.ts";

export interface TopicExpectation {
  name: string;
  partitions: number;
  /** Replicas at least; default 1. */
  replicationFactorMin?: number;
  /** `min.insync.replicas` at least; default 1. */
  minInsyncReplicasMin?: number;
}

/**
 * What is wrong with the topics, in words for the operator; empty when all is as it must be. The number of partitions must be
 * exact: an entity's partition is computed from it, so another number would break the order of what is in the log already.
 */
export function checkTopics(found: readonly TopicDescription[], expected: readonly TopicExpectation[]): string[] {
  const byName = new Map(found.map((topic) => [topic.name, topic]));
  return expected.flatMap((expectation) => {
    const topic = byName.get(expectation.name);
    return topic === undefined ? [`topic ${expectation.name} does not exist`] : problemsOf(topic, expectation);
  });
}

function problemsOf(topic: TopicDescription, expected: TopicExpectation): string[] {
  const { replicationFactorMin = 1, minInsyncReplicasMin = 1 } = expected;
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`topic ${topic.name} ${problem}`);
  if (topic.partitions !== expected.partitions) {
    say(
      `has ${topic.partitions} partitions, this configuration says ${expected.partitions}; the number can't be changed once messages are there`,
    );
  }
  if (topic.replicationFactor < replicationFactorMin)
    say(`has ${topic.replicationFactor} replicas, ${replicationFactorMin} are needed`);
  if (topic.minInsyncReplicas < minInsyncReplicasMin) {
    say(
      `has min.insync.replicas=${topic.minInsyncReplicas}, ${minInsyncReplicasMin} is needed, or an acknowledged message can be lost with one broker`,
    );
  }
  if (topic.minInsyncReplicas > topic.replicationFactor) {
    say(
      `has min.insync.replicas=${topic.minInsyncReplicas} and only ${topic.replicationFactor} replicas: nothing can be written to it`,
    );
  }
  if (topic.uncleanLeaderElection) say("allows unclean leader election, which loses acknowledged messages");
  if (topic.leaderless.length > 0) say(`has no leader for partitions ${topic.leaderless.join(", ")}`);
  return problems;
}
