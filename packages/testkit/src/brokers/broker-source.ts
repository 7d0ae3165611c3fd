/** One broker of a run, however it was come by. */
export interface Broker {
  /** A URL for Postgres, a comma-separated list of `host:port` for Kafka. */
  readonly address: string;
  /** For the line that says what the tests run on. */
  readonly how: string;
  readonly logFile?: string | undefined;
  stop(): Promise<void>;
}

/** A way to both brokers. */
export interface BrokerSource {
  postgres(): Promise<Broker>;
  kafka(): Promise<Broker>;
}

/** A broker that somebody else runs. */
export function givenBroker(variable: string, address: string): Broker {
  return { address, how: `given by ${variable}`, stop: async () => undefined };
}
