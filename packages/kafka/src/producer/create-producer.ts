import { limits } from "@postback/contracts";
import { tryWithin } from "../bounded-wait.ts";
import type { KafkaConnection, PortLogger } from "../connection.ts";
import { KafkaUnavailable, MessageRefused, ProducerClosed, ProducerFull } from "../errors.ts";
import { deliver } from "./deliver.ts";
import { type Acknowledged, messageBytes, type OutgoingMessage } from "./message.ts";
import { type PendingMessage, pendingMessage } from "./pending-message.ts";
import { connectTransport, type Transport } from "./transport.ts";
import { WaitingMessages } from "./waiting-messages.ts";

export interface ProducerOptions {
  /** Messages accepted and not settled, at most; default 50,000. */
  waitingMax?: number;
  /** Their bytes, at most; default 64 MiB. */
  waitingMaxBytes?: number;
  /** Messages in one request, at most; default 1,000. */
  batchMaxMessages?: number;
  /** Bytes in one request, at most; default 304 KiB: a topic's `max.message.bytes` (ours: 320 KiB) bounds a partition's whole batch. */
  batchMaxBytes?: number;
  /** Bytes of one message, at most; default 320 KiB. A larger one is refused without asking Kafka. */
  messageMaxBytes?: number;
  /** How long a message may take in all, ms; default 10,000. */
  sendTimeoutMs?: number;
}

export interface Producer {
  /**
   * Sends one message; it shares a request with whatever else is waiting. Messages to one partition keep the order of the calls.
   * @returns its offset, after all in-sync replicas have it
   * @throws {KafkaUnavailable} retryable; with `outcome: "unknown"` (the time was up while a request was under way) the message may be
   *   in the log or get there yet
   * @throws {ProducerFull} retryable, at once, nothing was sent
   * @throws {ProducerClosed} retryable, at once, nothing was sent
   * @throws {MessageRefused} not retryable: too large, or Kafka doesn't take it
   */
  send(message: OutgoingMessage): Promise<Acknowledged>;
  /** {@link send} for several, in order; rejects with the first failure, while the others still go their way. */
  sendAll(messages: readonly OutgoingMessage[]): Promise<Acknowledged[]>;
  /** Takes nothing more, waits (bounded by `sendTimeoutMs`) for what was taken, disconnects. */
  close(): Promise<void>;
  /** Messages that were accepted and aren't settled. */
  readonly waiting: number;
}

/** What our topics are made with as `max.message.bytes`. */
const TOPIC_MESSAGE_MAX_BYTES = limits.bodyMaxBytes + limits.messageOverheadMaxBytes;
const BATCH_MARGIN_BYTES = 16 * 1024;

const DEFAULTS: Required<ProducerOptions> = {
  waitingMax: 50_000,
  waitingMaxBytes: 64 * 1024 * 1024,
  batchMaxMessages: 1_000,
  batchMaxBytes: TOPIC_MESSAGE_MAX_BYTES - BATCH_MARGIN_BYTES,
  messageMaxBytes: TOPIC_MESSAGE_MAX_BYTES,
  sendTimeoutMs: 10_000,
};

/**
 * Connects a producer that batches without waiting: idle, a message goes at once; what comes while a request is under way goes
 * together in the next one. One request set is in flight at a time, so nothing overtakes within a partition.
 * @throws {KafkaUnavailable} when no broker can be reached
 */
export async function createProducer(connection: KafkaConnection, options: ProducerOptions = {}): Promise<Producer> {
  const transport = await connectTransport(connection).catch((cause: unknown) => {
    throw new KafkaUnavailable(`no producer: none of ${connection.brokers.join(", ")} could be reached`, { cause });
  });
  return new BatchingProducer(transport, connection.logger, { ...DEFAULTS, ...options });
}

/** Exported for the tests of its bounds, which give it a transport of their own. */
export class BatchingProducer implements Producer {
  readonly #transport: Transport;
  readonly #logger: PortLogger;
  readonly #bounds: Required<ProducerOptions>;
  readonly #queue = new WaitingMessages();
  /** All unsettled messages, oldest first: every one has the same time, so the first is the first to run out of it. */
  readonly #unsettled = new Set<PendingMessage>();
  #bytes = 0;
  #expiry: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(transport: Transport, logger: PortLogger, bounds: Required<ProducerOptions>) {
    this.#transport = transport;
    this.#logger = logger;
    this.#bounds = bounds;
  }

  get waiting(): number {
    return this.#unsettled.size;
  }

  async send(message: OutgoingMessage): Promise<Acknowledged> {
    const bytes = messageBytes(message);
    this.#refuseBeyondBounds(message, bytes);
    const deadlineMs = performance.now() + this.#bounds.sendTimeoutMs;
    const { pending, outcome } = pendingMessage(message, bytes, deadlineMs, (settled) => this.#forget(settled));
    this.#bytes += bytes;
    this.#unsettled.add(pending);
    this.#queue.push(pending);
    this.#expiry ??= setTimeout(() => this.#expire(), this.#bounds.sendTimeoutMs);
    this.#pumping ??= this.#pump();
    return outcome;
  }

  sendAll(messages: readonly OutgoingMessage[]): Promise<Acknowledged[]> {
    return Promise.all(messages.map((message) => this.send(message)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#drainAndDisconnect();
    return this.#closing;
  }

  #refuseBeyondBounds(message: OutgoingMessage, bytes: number): void {
    const { waitingMax, waitingMaxBytes, messageMaxBytes } = this.#bounds;
    if (this.#closing !== undefined) throw new ProducerClosed();
    if (bytes > messageMaxBytes) {
      const detail = `a message for ${message.topic}/${message.partition} has ${bytes} bytes, ${messageMaxBytes} are allowed`;
      throw new MessageRefused("message-too-large", detail);
    }
    if (this.#unsettled.size >= waitingMax || this.#bytes + bytes > waitingMaxBytes) {
      throw new ProducerFull(`${this.#unsettled.size} messages with ${this.#bytes} bytes wait for Kafka already`);
    }
  }

  /** Begins in a microtask, so that what is sent in one go shares the first request too. */
  async #pump(): Promise<void> {
    await Promise.resolve();
    while (!this.#queue.isEmpty) {
      const batch = this.#queue.take(this.#bounds.batchMaxMessages, this.#bounds.batchMaxBytes);
      await deliver(batch, this.#transport, this.#logger);
    }
    this.#pumping = undefined;
  }

  #forget(pending: PendingMessage): void {
    this.#unsettled.delete(pending);
    this.#bytes -= pending.bytes;
  }

  #expire(): void {
    this.#expiry = undefined;
    const nowMs = performance.now();
    for (const pending of this.#unsettled) {
      if (pending.deadlineMs > nowMs) {
        this.#expiry = setTimeout(() => this.#expire(), Math.ceil(pending.deadlineMs - nowMs));
        return;
      }
      pending.reject(this.#tooLate(pending));
    }
  }

  #tooLate({ message, transmitted, lastError }: PendingMessage): KafkaUnavailable {
    const text = `Kafka did not acknowledge a message for ${message.topic}/${message.partition} in ${this.#bounds.sendTimeoutMs} ms`;
    return new KafkaUnavailable(text, { outcome: transmitted ? "unknown" : "not-sent", cause: lastError });
  }

  async #drainAndDisconnect(): Promise<void> {
    if (this.#pumping !== undefined) {
      await tryWithin(this.#bounds.sendTimeoutMs, "draining the producer", this.#logger, this.#pumping);
    }
    clearTimeout(this.#expiry);
    for (const pending of this.#unsettled) pending.reject(this.#tooLate(pending));
    await this.#transport.close();
  }
}
