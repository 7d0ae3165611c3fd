import type { ConnectionOptions } from "node:tls";
import { Kafka, logLevel, type RetryOptions } from "kafkajs";
import { bridgeLog, type LogListener } from "./client-log.ts";

/** What the port needs of a logger; pino fits as it is. */
export interface PortLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface KafkaConnection {
  /** `host:port` of some brokers; the others are learnt from them. */
  brokers: readonly string[];
  clientId: string;
  logger: PortLogger;
  /** TLS to the brokers; default none. */
  ssl?: boolean | ConnectionOptions;
  sasl?: SaslLogin<"plain"> | SaslLogin<"scram-sha-256"> | SaslLogin<"scram-sha-512">;
}

interface SaslLogin<Mechanism extends string> {
  mechanism: Mechanism;
  username: string;
  password: string;
}

export interface ClientSettings {
  /** How long one request may take, ms; JoinGroup and Fetch have their own. */
  requestTimeoutMs: number;
  /** Retries of connecting and reading metadata, inside the client library. */
  retry: RetryOptions;
  onLog?: LogListener;
}

const CONNECTION_TIMEOUT_MS = 3_000;

/** One kafkajs client; the only place that constructs one. */
export function createKafka(connection: KafkaConnection, settings: ClientSettings): Kafka {
  return new Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: settings.requestTimeoutMs,
    retry: settings.retry,
    logLevel: logLevel.INFO,
    logCreator: bridgeLog(connection.logger, settings.onLog),
    ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
  });
}
