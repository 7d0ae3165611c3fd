import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "../process/data-folder.ts";
import { freePorts } from "../process/free-ports.ts";
import type { GuardedProcess } from "../process/guarded-process.ts";
import type { NodePorts } from "./broker-properties.ts";
import { javaOptions, type KafkaProfile } from "./java-options.ts";
import { type KafkaFiles, kafkaFiles } from "./kafka-files.ts";
import { clusterId, type NodeSetting, prepareNode, startNode } from "./kafka-node.ts";

/** A clean stop takes 0.3 to 3 s; killed after this, the next start reads the last segments again. */
const stopGraceMs = 8_000;

export interface KafkaOptions {
  /** Default 1. Three nodes keep each topic on all of them and survive the loss of one. */
  readonly nodes?: 1 | 3;
  /** Kept over restarts. Default: a temporary folder that is removed at the stop. */
  readonly dataDir?: string;
  /** Of the first node. Default: a free one, as for the others. */
  readonly port?: number;
  /** Default: load. */
  readonly profile?: KafkaProfile;
  /** Largest heap of a node in MiB. Default: 128 for tests, 320 for load. */
  readonly heapMaxMb?: number;
  /** Default: kafka.log in the data folder; further nodes add their number. */
  readonly logFile?: string;
  /** Where scripts/setup.mjs has put the jars. Default: POSTBACK_CACHE, else .postback, and there `kafka`. */
  readonly cacheDir?: string;
}

export interface RunningKafka extends AsyncDisposable {
  /** `host:port` of each node. */
  readonly brokers: readonly string[];
  /** Of the first node. */
  readonly pid: number;
  readonly pids: readonly number[];
  readonly logFiles: readonly string[];
  /** Kills a node (from 0) as a crash would. */
  kill(nodeIndex: number): Promise<void>;
  /** Starts a killed node again, with its data. */
  restart(nodeIndex: number): Promise<void>;
  /** Ends all nodes; those that run after `graceMs` (default 8 000; 0 when the data is temporary) are killed. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts Apache Kafka 4.4.0 on 127.0.0.1, with its data made on the first start. It ends with this process, however
 * that ends. Topics are not made by themselves.
 *
 * @throws StartFailure with the end of a log and what to do
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const files = kafkaFiles(options.cacheDir);
  return startKafkaWith(files, options, archiveOption(files));
}

/** As {@link startKafka}, with further options of `java`. */
export async function startKafkaWith(
  files: KafkaFiles,
  options: KafkaOptions,
  furtherJavaOptions: readonly string[],
): Promise<RunningKafka> {
  const folder = dataFolder("kafka", options.dataDir);
  const ports = await choosePorts(options);
  const java = [...javaOptions({ profile: options.profile ?? "load", heapMaxMb: options.heapMaxMb })];
  const settings = ports.map(
    (_, index): NodeSetting => ({
      files,
      nodeId: index + 1,
      ports,
      dataDir: join(folder.path, `node-${index + 1}`),
      logFile: logFileOf(options.logFile ?? join(folder.path, "kafka.log"), index),
      javaOptions: [...java, ...furtherJavaOptions],
    }),
  );
  const cluster = clusterId(folder.path);
  await Promise.all(settings.map((setting) => prepareNode(setting, cluster)));
  const nodes = await startAll(settings);
  // Data that nobody will read again needs no clean end, which takes three nodes some 5 s.
  const usualGraceMs = options.dataDir === undefined ? 0 : stopGraceMs;
  return running(settings, nodes, usualGraceMs, () => folder.discard());
}

function running(
  settings: NodeSetting[],
  nodes: GuardedProcess[],
  usualGraceMs: number,
  discard: () => void,
): RunningKafka {
  const stop = async (graceMs = usualGraceMs): Promise<void> => {
    // All at once: the last of three that stop in turn has no quorum left, and waits for it for 5 minutes.
    await Promise.all(nodes.map((node) => node.stop(graceMs)));
    discard();
  };
  return {
    brokers: settings.map(({ ports, nodeId }) => `127.0.0.1:${at(ports, nodeId - 1).broker}`),
    logFiles: settings.map(({ logFile }) => logFile),
    get pid() {
      return at(nodes, 0).pid;
    },
    get pids() {
      return nodes.map((node) => node.pid);
    },
    kill: (nodeIndex) => at(nodes, nodeIndex).kill(),
    restart: async (nodeIndex) => {
      await at(nodes, nodeIndex).stop(stopGraceMs);
      nodes[nodeIndex] = await startNode(at(settings, nodeIndex));
    },
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Starts the nodes side by side, since none is ready without a quorum; when one fails, the others end too. */
async function startAll(settings: readonly NodeSetting[]): Promise<GuardedProcess[]> {
  const results = await Promise.allSettled(settings.map(startNode));
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return started;
  await Promise.all(started.map((node) => node.kill()));
  throw failed.reason;
}

async function choosePorts({ nodes = 1, port }: KafkaOptions): Promise<NodePorts[]> {
  const free = await freePorts(nodes * 2);
  return Array.from({ length: nodes }, (_, index) => ({
    broker: index === 0 && port !== undefined ? port : at(free, index * 2),
    controller: at(free, index * 2 + 1),
  }));
}

/** Without an archive the broker starts as well, but takes twice the time. */
function archiveOption({ classArchive }: KafkaFiles): string[] {
  return existsSync(classArchive) ? [`-XX:SharedArchiveFile=${classArchive}`] : [];
}

function logFileOf(first: string, index: number): string {
  return index === 0 ? first : first.replace(/(\.[^./\\]+)?$/, `-${index + 1}$1`);
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`There is no ${index} among ${list.length}`);
  return item;
}
