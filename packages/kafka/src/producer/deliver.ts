import type { PortLogger } from "../connection.ts";
import { KafkaUnavailable, MessageRefused } from "../errors.ts";
import { checkAcknowledged, type PartitionResponse } from "./acknowledgements.ts";
import type { PendingMessage } from "./pending-message.ts";
import { narrowed, type Refusal, refusalOf } from "./refusal.ts";
import type { Transport } from "./transport.ts";

/** Requests for one batch at most; with the delays below that is about 15 s, so the messages' deadline ends it earlier. */
const ATTEMPTS_MAX = 20;
/** A client that failed this often in a row is replaced: its connections and metadata may be the reason. */
const RECONNECT_EVERY = 4;

/** Delay after the n-th attempt (from 1), ms: 50, 100, 200, 400, 800, then 1,000. */
const retryDelayMs = (attempt: number): number => Math.min(50 * 2 ** (attempt - 1), 1_000);

/**
 * Brings a batch to Kafka and settles each of its messages: acknowledged, refused, or unavailable. Never throws.
 * What a response lacks is sent again before anything newer, so the first occurrences in a partition keep their order.
 */
export async function deliver(
  batch: readonly PendingMessage[],
  transport: Transport,
  logger: PortLogger,
): Promise<void> {
  let unsettled = batch.filter((pending) => !pending.settled);
  let lastError: unknown;
  for (let attempt = 1; unsettled.length > 0 && attempt <= ATTEMPTS_MAX; attempt += 1) {
    if (attempt > 1) await recover(attempt - 1, transport, logger);
    unsettled = unsettled.filter((pending) => !pending.settled);
    if (unsettled.length === 0) return;
    const answer = await request(unsettled, transport);
    if ("refusal" in answer) return settleRefused(unsettled, answer.refusal, transport, logger);
    if ("error" in answer) lastError = noted(answer.error, unsettled);
    else unsettled = settleAcknowledged(unsettled, answer.response);
    if (unsettled.length > 0) logUnsettled(unsettled, attempt, lastError, logger);
  }
  for (const pending of unsettled) {
    pending.reject(
      new KafkaUnavailable(`Kafka did not acknowledge ${nameOf(pending)} in ${ATTEMPTS_MAX} attempts`, {
        outcome: "unknown",
        cause: lastError,
      }),
    );
  }
}

type Answer = { response: PartitionResponse[] } | { refusal: Refusal } | { error: unknown };

async function request(batch: readonly PendingMessage[], transport: Transport): Promise<Answer> {
  for (const pending of batch) pending.transmitted = true;
  try {
    return { response: await transport.sendBatch(batch.map(({ message }) => message)) };
  } catch (error) {
    const refusal = refusalOf(error);
    return refusal === undefined ? { error } : { refusal };
  }
}

/** The error is kept with each message too, for when its time runs out before the attempts do. */
function noted(error: unknown, batch: readonly PendingMessage[]): unknown {
  for (const pending of batch) pending.lastError = error;
  return error;
}

function settleAcknowledged(batch: readonly PendingMessage[], response: PartitionResponse[]): PendingMessage[] {
  const { acknowledged, missing } = checkAcknowledged(batch, response);
  for (const { item, offset } of acknowledged) item.acknowledge({ offset });
  return missing;
}

async function settleRefused(
  batch: readonly PendingMessage[],
  refusal: Refusal,
  transport: Transport,
  logger: PortLogger,
): Promise<void> {
  const parts = narrowed(batch, refusal);
  for (const part of parts ?? []) await deliver(part, transport, logger);
  if (parts !== undefined) return;
  const code = refusal.type.endsWith("TOO_LARGE") ? "message-too-large" : "message-refused";
  for (const pending of batch) {
    pending.reject(new MessageRefused(code, `Kafka refused ${nameOf(pending)}: ${refusal.type}`, refusal.cause));
  }
}

async function recover(failures: number, transport: Transport, logger: PortLogger): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, retryDelayMs(failures)));
  if (failures % RECONNECT_EVERY !== 0) return;
  try {
    await transport.reconnect();
  } catch (error) {
    logger.warn({ err: error, failures }, "reconnecting the producer failed");
  }
}

function logUnsettled(unsettled: readonly PendingMessage[], attempt: number, error: unknown, logger: PortLogger): void {
  const partitions = [...new Set(unsettled.map(({ message }) => `${message.topic}/${message.partition}`))];
  logger.warn({ attempt, messages: unsettled.length, partitions, err: error }, "not acknowledged, sending again");
}

const nameOf = ({ message }: PendingMessage): string => `a message for ${message.topic}/${message.partition}`;
