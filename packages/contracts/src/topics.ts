/** Names of the topics under a prefix (design §7). */
export interface TopicNames {
  commands: string;
  events: string;
  deadLetters: string;
}

export const topicNames = (prefix: string): TopicNames => ({
  commands: `${prefix}commands`,
  events: `${prefix}events`,
  deadLetters: `${prefix}dead-letters`,
});

/** The topic that carries the steps of one queue, `commands.payments`. */
export const queueTopicName = (prefix: string, queue: string): string => `${prefix}commands.${queue}`;

/** The Kafka key of an entity: all of its commands and events are in one partition, in order. */
export const entityKey = (tenantId: string, entity: { type: string; id: string }): string =>
  `${tenantId}:${entity.type}:${entity.id}`;
