import { freePort } from "@postback/embedded";
import { PostgreSqlContainer } from "@testcontainers/postgresql";
import { GenericContainer, getContainerRuntimeClient, getReaper, ImageName, Wait } from "testcontainers";
import type { BrokerSource } from "./broker-source.ts";
import { obtainImages } from "./obtain-images.ts";

// Those of docker-compose.yml.
const postgresImage = "postgres:18";
const kafkaImage = "apache/kafka:4.4.0";
/** The first run pulls some 300 MB. */
const pullTimeoutMs = 180_000;
const startTimeoutMs = 60_000;

/**
 * Why the engine that answers can't serve: an image can't be had, or the container that removes the others when a run is
 * killed doesn't start. Undefined when it can.
 */
export async function whyNoContainers(): Promise<string | undefined> {
  const client = await getContainerRuntimeClient();
  const store = {
    pull: (image: string) => client.image.pull(ImageName.fromString(image)),
    inspect: (image: string) => client.image.inspect(ImageName.fromString(image)),
  };
  const reason = await obtainImages(store, [postgresImage, kafkaImage], pullTimeoutMs);
  if (reason !== undefined) return reason;
  return getReaper(client).then(
    () => undefined,
    (error: unknown) => `the container that cleans up: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** Both brokers as containers, which testcontainers removes with the process. */
export const containerBrokers: BrokerSource = {
  async postgres() {
    const settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "jit=off"];
    const container = await new PostgreSqlContainer(postgresImage)
      .withCommand(["postgres", ...settings.flatMap((setting) => ["-c", setting])])
      .withStartupTimeout(startTimeoutMs)
      .start();
    return {
      address: container.getConnectionUri(),
      how: `container ${postgresImage}`,
      stop: async () => void (await container.stop()),
    };
  },
  async kafka() {
    // Kafka tells its clients where it is, so its outer port must be known before it starts.
    const port = await freePort();
    const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
    const container = await new GenericContainer(kafkaImage)
      .withExposedPorts({ container: 9092, host: port })
      .withEnvironment(kafkaEnvironment(`${host}:${port}`))
      .withWaitStrategy(Wait.forLogMessage("Kafka Server started"))
      .withStartupTimeout(startTimeoutMs)
      .start();
    return {
      address: `${host}:${port}`,
      how: `container ${kafkaImage}`,
      stop: async () => void (await container.stop()),
    };
  },
};

function kafkaEnvironment(advertised: string): Record<string, string> {
  return {
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://:9093",
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${advertised}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@localhost:9093",
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "4",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: "1",
  };
}
