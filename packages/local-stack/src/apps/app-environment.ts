import type { StackOptions } from "../stack.ts";
import type { AppName } from "./app-process.ts";

/** What all apps of a stack share. */
export interface AppSettings {
  readonly kafka: readonly string[];
  readonly databaseUrl: string;
  readonly keyring: string;
  readonly catalog: string;
  readonly topicPrefix: string;
  readonly partitions: number;
}

/** Below the time after which the stack kills an app, so that its own report of what hung is still written. */
export const appGraceMs = 4_000;

/** Receivers of development and tests listen on loopback, without TLS. */
const loopback = "127.0.0.0/8,::1/128";

/** The environment of one app, without what it inherits from this process. */
export function appEnvironment(
  name: AppName,
  port: number,
  settings: AppSettings,
  { env = {}, logLevel = "info" }: Pick<StackOptions, "env" | "logLevel">,
): Record<string, string> {
  return {
    POSTBACK_ENV: "development",
    POSTBACK_CATALOG: settings.catalog,
    KAFKA_BROKERS: settings.kafka.join(","),
    TOPIC_PREFIX: settings.topicPrefix,
    PARTITIONS: String(settings.partitions),
    DATABASE_URL: settings.databaseUrl,
    SECRET_KEYRING: settings.keyring,
    ALLOW_HTTP: "true",
    ALLOWED_SUBNETS: loopback,
    LOG_LEVEL: logLevel,
    LOG_FORMAT: "json",
    SHUTDOWN_GRACE_MS: String(appGraceMs),
    ...(name === "ingest"
      ? { HOST: "127.0.0.1", PORT: String(port), LISTEN_URL: `http://127.0.0.1:${port}` }
      : { HEALTH_PORT: String(port) }),
    ...env,
  };
}
