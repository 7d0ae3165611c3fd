import { queueTopicName, type TopicNames as WireTopicNames, topicNames as wireTopicNames } from "@postback/contracts";

export interface TopicNames extends WireTopicNames {
  /** The topic that carries the steps of one queue. */
  queue(name: string): string;
}

/** All topics under a prefix (design §7). */
export const topicNames = (prefix: string): TopicNames => ({
  ...wireTopicNames(prefix),
  queue: (name) => queueTopicName(prefix, name),
});
