import { postbackTopics, type TopicSpec, topicNames } from "@postback/kafka";

export type ChannelName = "commands" | "queue" | "events" | "deadLetters";
type AppName = "ingest" | "processor" | "webhook-dispatcher";

/** One direction of one topic in one app. */
export interface Flow {
  app: AppName;
  action: "send" | "receive";
  channel: ChannelName;
  summary: string;
  /** The consumer group, without the prefix; a reader without a group has none. */
  group?: string;
}

/** Every producer and every consumer (design §7). */
export const flows: readonly Flow[] = [
  {
    app: "ingest",
    action: "send",
    channel: "commands",
    summary: "An accepted write, before its 202; also one that is redriven out of the dead letters",
  },
  {
    app: "ingest",
    action: "send",
    channel: "events",
    summary: "An event that was published without an operation; also one that is redriven",
  },
  {
    app: "ingest",
    action: "receive",
    channel: "events",
    summary: "For SSE, WebSocket and the feed: only partitions that a client watches, from its own place",
  },
  {
    app: "processor",
    action: "receive",
    channel: "commands",
    group: "processor",
    summary: "Admits operations, each once, in the order of the log",
  },
  {
    app: "processor",
    action: "send",
    channel: "commands",
    summary: "A command again whose row is there and that Kafka acknowledged and lost",
  },
  {
    app: "processor",
    action: "send",
    channel: "queue",
    summary: "A step that the owner of its operation hands over",
  },
  {
    app: "processor",
    action: "receive",
    channel: "queue",
    group: "processor.{queue}",
    summary: "Runs the step and writes its result",
  },
  {
    app: "processor",
    action: "send",
    channel: "events",
    summary: "What steps told, after their commit, in the order of the numbers of the partition",
  },
  { app: "processor", action: "send", channel: "deadLetters", summary: "A command or step that can't be worked" },
  {
    app: "webhook-dispatcher",
    action: "receive",
    channel: "events",
    group: "webhook-dispatcher",
    summary: "Matches endpoints and sends webhooks",
  },
  { app: "webhook-dispatcher", action: "send", channel: "deadLetters", summary: "An event that can't be read" },
];

/** What of each topic doesn't depend on the installation. */
const channelTexts: Readonly<Record<ChannelName, { title: string; description: string }>> = {
  commands: { title: "Commands", description: "Accepted operations; one entity's are in one partition, in order." },
  queue: {
    title: "Steps of a queue",
    description: "Steps that a queue carries apart; the partition is the command's.",
  },
  events: { title: "Events", description: "Facts; the value is the body of the webhook, byte for byte." },
  deadLetters: {
    title: "Dead letters",
    description:
      "Messages that were given up. Key and value are those of the origin, the partition too. No group of ours reads it: it is listed in the database, and the API redrives.",
  },
};

/** AsyncAPI channels, one for each kind of topic. @param messagesOf names of messages in the components */
export function channelObjects(prefix: string, messagesOf: Readonly<Record<ChannelName, readonly string[]>>) {
  const names = topicNames(prefix);
  // Numbers of partitions and replicas are the installation's; what every one has is how long messages are kept.
  const specs = postbackTopics(prefix, {
    partitions: 1,
    replicationFactor: 1,
    minInsyncReplicas: 1,
    queues: ["{queue}"],
  });
  const addresses: Readonly<Record<ChannelName, string>> = {
    commands: names.commands,
    queue: names.queue("{queue}"),
    events: names.events,
    deadLetters: names.deadLetters,
  };
  return Object.fromEntries(
    Object.entries(addresses).map(([channel, address]) => {
      const text = channelTexts[channel as ChannelName];
      const messages = messagesOf[channel as ChannelName];
      return [channel, { address, ...text, messages: messageRefs(messages), bindings: topicBinding(specs, address) }];
    }),
  );
}

const messageRefs = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));

function topicBinding(specs: readonly TopicSpec[], address: string) {
  const { configs = {} } = specs.find(({ name }) => name === address) ?? {};
  const topicConfiguration = {
    "cleanup.policy": ["delete"],
    "retention.ms": Number(configs["retention.ms"]),
    "max.message.bytes": Number(configs["max.message.bytes"]),
  };
  return { kafka: { topicConfiguration, bindingVersion: "0.5.0" } };
}

/** AsyncAPI operations, one for each producer and consumer. */
export const operationObjects = (prefix: string) =>
  Object.fromEntries(
    flows.map(({ app, action, channel, summary, group }) => [
      `${app}.${action}.${channel}`,
      {
        action,
        channel: { $ref: `#/channels/${channel}` },
        summary,
        tags: [{ name: app }],
        bindings: {
          kafka: {
            clientId: { type: "string", enum: [`postback-${app}`] },
            ...(group === undefined ? {} : { groupId: { type: "string", enum: [`${prefix}${group}`] } }),
            bindingVersion: "0.5.0",
          },
        },
      },
    ]),
  );
