import { limits } from "@postback/contracts";
import type { TopicSpec } from "./ensure-topics.ts";
import { topicNames } from "./topic-names.ts";

const dayMs = 24 * 3600 * 1000;
/** Shorter than idempotency keys live (14 days), so that a command in the log always meets its key (design §4). */
const retentionMs = 7 * dayMs;
/** As long as rows: what was given up can be looked at, and redriven, for as long. */
const deadLetterRetentionMs = 30 * dayMs;

export interface PostbackTopicsOptions {
  /** Of each topic; fixed once it is made. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  /** Names of the queues that steps run in; each has a topic of its own. Default: none. */
  readonly queues?: readonly string[];
}

/**
 * The topics that an installation needs (design §7), for `ensureTopics`.
 * @param prefix goes before each name; empty for none
 */
export function postbackTopics(prefix: string, options: PostbackTopicsOptions): TopicSpec[] {
  const names = topicNames(prefix);
  const spec = (name: string, keptMs: number): TopicSpec => ({
    name,
    partitions: options.partitions,
    replicationFactor: options.replicationFactor,
    configs: {
      "retention.ms": String(keptMs),
      "max.message.bytes": String(limits.bodyMaxBytes + limits.messageOverheadMaxBytes),
      "min.insync.replicas": String(options.minInsyncReplicas),
      "unclean.leader.election.enable": "false",
    },
  });
  const queues = options.queues ?? [];
  return [
    spec(names.commands, retentionMs),
    ...queues.map((queue) => spec(names.queue(queue), retentionMs)),
    spec(names.events, retentionMs),
    spec(names.deadLetters, deadLetterRetentionMs),
  ];
}
