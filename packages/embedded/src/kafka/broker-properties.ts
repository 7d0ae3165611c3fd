export interface NodePorts {
  readonly broker: number;
  readonly controller: number;
}

export interface NodePlan {
  /** From 1. */
  readonly nodeId: number;
  /** Of every node, that of node 1 first. */
  readonly ports: readonly NodePorts[];
  readonly logDir: string;
}

type Properties = Readonly<Record<string, string | number | boolean>>;

/** What holds for every node of an embedded cluster. */
const always: Properties = {
  "process.roles": "broker,controller",
  "controller.listener.names": "CONTROLLER",
  "inter.broker.listener.name": "PLAINTEXT",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  // A typing error in a topic's name is an error, not a topic.
  "auto.create.topics.enable": false,
  // The first member of a group need not wait 3 s for others that don't come.
  "group.initial.rebalance.delay.ms": 0,
  // 50 and 50 partitions are made at first use otherwise, which takes a second and a hundred files.
  "offsets.topic.num.partitions": 4,
  "transaction.state.log.num.partitions": 4,
  "share.coordinator.state.topic.num.partitions": 4,
  // The cleaner takes 128 MB of the heap at its default, more than a small heap has.
  "log.cleaner.dedupe.buffer.size": 4_194_304,
  "log.cleaner.io.buffer.size": 131_072,
  "log.cleaner.threads": 1,
};

/** As production has it: one node may die without a loss; its leaders move within about 3 s. */
const cluster: Properties = {
  "default.replication.factor": 3,
  "min.insync.replicas": 2,
  "unclean.leader.election.enable": false,
  "broker.session.timeout.ms": 3_000,
  "broker.heartbeat.interval.ms": 500,
};

/** The server.properties of one node. */
export function brokerProperties({ nodeId, ports, logDir }: NodePlan): string {
  const own = ports[nodeId - 1];
  if (own === undefined) throw new RangeError(`Node ${nodeId} has no ports`);
  const replicas = Math.min(ports.length, 3);
  const properties: Properties = {
    ...always,
    ...(ports.length > 1 ? cluster : {}),
    ...internalTopics(replicas),
    "node.id": nodeId,
    "controller.quorum.voters": ports.map(({ controller }, at) => `${at + 1}@127.0.0.1:${controller}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${own.broker},CONTROLLER://127.0.0.1:${own.controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${own.broker}`,
    "log.dirs": escapeValue(logDir),
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function internalTopics(replicas: number): Properties {
  const inSync = Math.max(1, replicas - 1);
  return {
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
  };
}

/** A backslash, as Windows paths have it, begins an escape in a properties file. */
function escapeValue(path: string): string {
  return path.replaceAll("\\", "\\\\");
}
