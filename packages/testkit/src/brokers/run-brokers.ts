import { type Broker, type BrokerSource, givenBroker } from "./broker-source.ts";
import { dockerAnswers } from "./docker-answers.ts";
import { embeddedBrokers } from "./embedded-brokers.ts";

export interface RunBrokers {
  readonly postgres: Broker;
  readonly kafka: Broker;
  stop(): Promise<void>;
}

/**
 * The brokers of a test run: those that DATABASE_URL and KAFKA_BROKERS name; else containers where a Docker engine
 * answers and has the images or can pull them; else local processes.
 */
export async function startRunBrokers(): Promise<RunBrokers> {
  const { DATABASE_URL: url, KAFKA_BROKERS: brokers } = process.env;
  const source = url && brokers ? embeddedBrokers : await chooseSource();
  const [postgres, kafka] = await bothOrNone(
    url ? Promise.resolve(givenBroker("DATABASE_URL", url)) : source.postgres(),
    brokers ? Promise.resolve(givenBroker("KAFKA_BROKERS", brokers)) : source.kafka(),
  );
  console.log(`Tests run on PostgreSQL: ${postgres.how}, Kafka: ${kafka.how}`);
  const stop = async (): Promise<void> => void (await Promise.all([postgres.stop(), kafka.stop()]));
  return { postgres, kafka, stop };
}

/** Testcontainers is loaded only where it is used: that takes half a second. */
async function chooseSource(): Promise<BrokerSource> {
  if (!(await dockerAnswers())) return embeddedBrokers;
  const { containerBrokers, whyNoContainers } = await import("./container-brokers.ts");
  const reason = await whyNoContainers();
  if (reason === undefined) return containerBrokers;
  console.log(`A Docker engine answers, but can't be used, so the brokers are local processes (${reason.trim()})`);
  return embeddedBrokers;
}

/** When one of two can't be started, the other is stopped. */
async function bothOrNone(first: Promise<Broker>, second: Promise<Broker>): Promise<[Broker, Broker]> {
  try {
    return await Promise.all([first, second]);
  } catch (error) {
    for (const result of await Promise.allSettled([first, second])) {
      if (result.status === "fulfilled") await result.value.stop();
    }
    throw error;
  }
}
