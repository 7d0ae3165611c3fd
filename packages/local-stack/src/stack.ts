import type { AppName, AppProcess } from "./apps/app-process.ts";

/**
 * "development": durable data, moderate memory. "test": starts quickest, its data may be lost. "load": as development,
 * with memory for sustained traffic.
 */
export type StackProfile = "development" | "test" | "load";

export interface StackOptions {
  /** Keeps data, logs, the API key and the keyring; made when it isn't there. */
  readonly folder: string;
  readonly profile: StackProfile;
  /** Of ingest's HTTP API, on 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** Brokers that run already. Default: an embedded one. */
  readonly brokers?: { readonly kafka: readonly string[] };
  /** `postgresql://user:password@host:port/database` of a server that runs already. Default: an embedded one. */
  readonly databaseUrl?: string;
  /** Of the embedded server, by name (postgresql.conf). Default: none. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** Of each topic. Default: 12. */
  readonly partitions?: number;
  /** Default: none. */
  readonly topicPrefix?: string;
  /** Of each topic. Default: 1; above it, `min.insync.replicas` is one less. */
  readonly replicationFactor?: number;
  /** `POSTBACK_CATALOG`: package names or paths, those relative to the checkout. Default: none. */
  readonly catalog?: string;
  /** Processes of each app. Default: 1 each; 0 leaves one out. */
  readonly apps?: Partial<Record<AppName, number>>;
  /** Further environment of every app. It wins over what the stack sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** The same for one process of an app, by its place among those of that app; it wins over `env`. */
  readonly envOf?: (name: AppName, index: number) => Readonly<Record<string, string>>;
  /** Default: info. */
  readonly logLevel?: string;
  /** Told in words what has been done, as it is done. */
  readonly onProgress?: (text: string) => void;
  /** Aborted while the stack starts: it is given up, and what runs already is stopped. */
  readonly signal?: AbortSignal;
}

export interface StackProcess {
  readonly name: string;
  readonly pid: number;
}

export interface Stack extends AsyncDisposable {
  /** Of the first ingest, without a slash at its end. */
  readonly url: string;
  /** Of the development tenant, with every scope but `platform`. */
  readonly apiKey: string;
  readonly tenantId: string;
  readonly databaseUrl: string;
  readonly kafka: readonly string[];
  readonly apps: readonly AppProcess[];
  /** What the stack runs now: apps, and of embedded brokers the Kafka nodes and the root of Postgres' processes. */
  processes(): StackProcess[];
  /** Ends the apps in order, then its own brokers; what doesn't end in time is killed. At most some 10 s. */
  stop(): Promise<void>;
  /** Ends everything at once, as a crash would, without waiting. */
  kill(): void;
}
