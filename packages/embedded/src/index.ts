/** Real brokers as local processes, for development and tests: nothing of this runs in production. */
export { archiveKafkaClasses } from "./kafka/archive-classes.ts";
export type { KafkaProfile } from "./kafka/java-options.ts";
export { type KafkaOptions, type RunningKafka, startKafka } from "./kafka/start-kafka.ts";
export type { PostgresProfile } from "./postgres/postgres-settings.ts";
export { type PostgresOptions, type RunningPostgres, startPostgres } from "./postgres/start-postgres.ts";
export { freePort, freePorts } from "./process/free-ports.ts";
export { type GuardedProcess, startGuarded } from "./process/guarded-process.ts";
export { tailOf } from "./process/log-file.ts";
export { StartFailure } from "./process/start-failure.ts";
export { waitUntilReady } from "./process/wait-until-ready.ts";
