import type { Admin } from "kafkajs";
import pRetry from "p-retry";
import { tryWithin, within } from "./bounded-wait.ts";
import { createKafka, type KafkaConnection } from "./connection.ts";
import { KafkaUnavailable } from "./errors.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 500 };
const CLOSE_MAX_MS = 2_000;

/** An admin connection of its own, to be disposed of: `await using admin = await connectAdmin(connection)`. */
export interface AdminConnection extends AsyncDisposable {
  readonly client: Admin;
}

/** @throws {KafkaUnavailable} when none of the brokers answers */
export async function connectAdmin(connection: KafkaConnection): Promise<AdminConnection> {
  const client = createKafka(connection, { requestTimeoutMs: REQUEST_TIMEOUT_MS, retry: RETRY }).admin({
    retry: RETRY,
  });
  const close = () => tryWithin(CLOSE_MAX_MS, "closing an admin connection", connection.logger, client.disconnect());
  try {
    await client.connect();
  } catch (cause) {
    await close();
    throw new KafkaUnavailable(`none of ${connection.brokers.join(", ")} answers`, { cause });
  }
  return {
    client,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

/**
 * Waits until a broker answers.
 * @throws {KafkaUnavailable} after `timeoutMs` (default 30,000), with the addresses and what to do
 */
export async function waitForKafka(connection: KafkaConnection, { timeoutMs = 30_000 } = {}): Promise<void> {
  let cause: unknown = new Error("no answer");
  const attempt = async (): Promise<void> => {
    await using admin = await connectAdmin(connection);
    await admin.client.describeCluster();
  };
  const signal = AbortSignal.timeout(timeoutMs);
  const tries = pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 200,
    maxTimeout: 2_000,
    signal,
    onFailedAttempt: ({ error, attemptNumber }) => {
      cause = error;
      connection.logger.info({ attempt: attemptNumber, brokers: connection.brokers }, "waiting for Kafka");
    },
  });
  const outcome = await within(timeoutMs, tries).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (outcome === "done") return;
  throw new KafkaUnavailable(
    `Kafka did not answer within ${timeoutMs} ms at ${connection.brokers.join(", ")}. ` +
      "Check that it runs, that these addresses (KAFKA_BROKERS) can be reached from here, and that its advertised.listeners can be, too.",
    { cause },
  );
}
