import { inject } from "vitest";

/** What the run's global set-up gives to every test file. */
export interface ProvidedBrokers {
  /** `host:port` each. */
  readonly kafka: readonly string[];
  /** Of the server; each test file makes its own database, see `createTestDatabase`. */
  readonly postgresUrl: string;
  /** A database with every migration applied, which is copied. */
  readonly templateDatabase: string;
  /** Begins the names of this run's databases. */
  readonly databasePrefix: string;
  /** Broker → its log, of those that have one here. */
  readonly logFiles: Readonly<Record<string, string>>;
}

declare module "vitest" {
  export interface ProvidedContext {
    brokers: ProvidedBrokers;
  }
}

/** The Kafka of this run, for kafkajs' `brokers`. */
export function testBrokers(): string[] {
  return [...inject("brokers").kafka];
}
