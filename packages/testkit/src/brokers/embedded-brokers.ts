import { startKafka, startPostgres } from "@postback/embedded";
import type { BrokerSource } from "./broker-source.ts";

/** Both brokers as local processes. Data and logs are in folders of this run alone, and go with it. */
export const embeddedBrokers: BrokerSource = {
  async postgres() {
    const { url, stop, logFile } = await startPostgres({ profile: "test" });
    return { address: url, how: "embedded PostgreSQL 18", logFile, stop };
  },
  async kafka() {
    const {
      brokers,
      stop,
      logFiles: [logFile],
    } = await startKafka({ profile: "test" });
    return { address: brokers.join(","), how: "embedded Kafka 4.4", logFile, stop };
  },
};
