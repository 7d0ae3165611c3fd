import { join } from "node:path";
import { type KafkaProfile, type PostgresProfile, startKafka, startPostgres } from "@postback/embedded";
import type { StackOptions, StackProcess, StackProfile } from "../stack.ts";

/** A broker of either kind, ours or given. */
export interface Broker<Address> {
  readonly address: Address;
  processes(): StackProcess[];
  stop(): Promise<void>;
}

interface EmbeddedProfile {
  readonly kafka: KafkaProfile;
  /** Largest heap of Kafka; undefined: that of its profile. */
  readonly heapMaxMb?: number;
  readonly postgres: PostgresProfile;
}

const profiles: Readonly<Record<StackProfile, EmbeddedProfile>> = {
  development: { kafka: "load", heapMaxMb: 256, postgres: "durable" },
  test: { kafka: "test", postgres: "test" },
  load: { kafka: "load", postgres: "durable" },
};

/** A clean stop of Kafka takes up to 3 s; what is killed after this reads its last segments again at the next start. */
const kafkaGraceMs = 4_000;

/** The Kafka that is given, or an embedded one with its data in the folder. @throws StartFailure with what to do */
export async function startKafkaBroker(options: StackOptions): Promise<Broker<readonly string[]>> {
  if (options.brokers !== undefined) return given(options.brokers.kafka);
  const { kafka: profile, heapMaxMb } = profiles[options.profile];
  const running = await startKafka({
    profile,
    dataDir: join(options.folder, "kafka"),
    logFile: join(options.folder, "logs", "kafka.log"),
    ...(heapMaxMb !== undefined && { heapMaxMb }),
  });
  return {
    address: running.brokers,
    processes: () => running.pids.map((pid) => ({ name: "kafka", pid })),
    stop: () => running.stop(kafkaGraceMs),
  };
}

/** The database that is given, or an embedded server's, with its data in the folder. @throws StartFailure with what to do */
export async function startDatabase(options: StackOptions): Promise<Broker<string>> {
  if (options.databaseUrl !== undefined) return given(options.databaseUrl);
  const running = await startPostgres({
    profile: profiles[options.profile].postgres,
    dataDir: join(options.folder, "postgres"),
    logFile: join(options.folder, "logs", "postgres.log"),
    ...(options.postgresSettings !== undefined && { settings: options.postgresSettings }),
  });
  return {
    address: running.url,
    processes: () => [{ name: "postgres", pid: running.pid }],
    stop: () => running.stop(),
  };
}

function given<Address>(address: Address): Broker<Address> {
  return { address, processes: () => [], stop: async () => undefined };
}
