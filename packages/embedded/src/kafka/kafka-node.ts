import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GuardedProcess, startGuarded } from "../process/guarded-process.ts";
import { runToEnd } from "../process/run-to-end.ts";
import { waitUntilReady } from "../process/wait-until-ready.ts";
import { brokerProperties, type NodePorts } from "./broker-properties.ts";
import { javaCommand, type KafkaFiles } from "./kafka-files.ts";

const logging = fileURLToPath(new URL("./log4j2.properties", import.meta.url));

/** After a crash under load the broker reads its last segments again. */
const startTimeoutMs = 60_000;

export interface NodeSetting {
  readonly files: KafkaFiles;
  readonly nodeId: number;
  readonly ports: readonly NodePorts[];
  readonly dataDir: string;
  readonly logFile: string;
  /** Heap, collector and archive. */
  readonly javaOptions: readonly string[];
}

/** A cluster's id, drawn on its first start and kept with its data. */
export function clusterId(dataDir: string): string {
  const file = join(dataDir, "cluster-id");
  mkdirSync(dataDir, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString("base64url"));
  return readFileSync(file, "utf8");
}

/** Writes a node's settings, and formats its storage on the first start. */
export async function prepareNode(node: NodeSetting, cluster: string): Promise<void> {
  const logDir = join(node.dataDir, "log");
  mkdirSync(node.dataDir, { recursive: true });
  writeFileSync(propertiesFile(node), brokerProperties({ nodeId: node.nodeId, ports: node.ports, logDir }));
  if (existsSync(join(logDir, "meta.properties"))) return;
  // One argument: an id may begin with a dash.
  const format = ["kafka.tools.StorageTool", "format", `--cluster-id=${cluster}`, "-c", propertiesFile(node)];
  await runToEnd("Kafka's storage tool", javaCommand(), [...classes(node), ...format]);
}

/**
 * Starts a prepared node; ready means that it answers clients.
 *
 * @throws StartFailure with the end of its log and what to do
 */
export async function startNode(node: NodeSetting): Promise<GuardedProcess> {
  const process = startGuarded({
    command: javaCommand(),
    args: [...classes(node), "kafka.Kafka", propertiesFile(node)],
    logFile: node.logFile,
    stopSignal: "SIGTERM",
    env: javaEnvironment(),
  });
  await waitUntilReady(`Kafka (node ${node.nodeId})`, process, "Kafka Server started", startTimeoutMs);
  return process;
}

function classes({ files, javaOptions }: NodeSetting): string[] {
  return [...javaOptions, `-Dlog4j2.configurationFile=${logging}`, "-cp", files.classPath];
}

function propertiesFile({ dataDir }: NodeSetting): string {
  return join(dataDir, "server.properties");
}

function javaEnvironment(): NodeJS.ProcessEnv {
  // glibc gives every few threads an arena of their own, 64 MiB each of address space that fills up over time.
  return { ...process.env, MALLOC_ARENA_MAX: "2" };
}
