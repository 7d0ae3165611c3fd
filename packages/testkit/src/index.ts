/** What tests on real brokers need. Imported by tests alone. */
export { type KafkaOptions, type PostgresOptions, startKafka, startPostgres } from "@postback/embedded";
export { testBrokers } from "./brokers/provided.ts";
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from "./database/test-database.ts";
export { type EventuallyOptions, eventually } from "./eventually.ts";
export { type FailureLogs, failureLogs } from "./failure-logs.ts";
export type { CommitBoundary, Decide, Interference, Verdict } from "./postgres-proxy/proxied-connection.ts";
export { AtBoundary, type PostgresProxy, startPostgresProxy } from "./postgres-proxy/start-postgres-proxy.ts";
export { SseClient, type SseMessage } from "./sse-client.ts";
export { testTopicPrefix } from "./test-topic-prefix.ts";
