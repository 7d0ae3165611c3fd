import { type Database, loadUnpublished, loadWatermark, type NumberedEvent } from "@postback/database";
import type { Producer } from "@postback/kafka";
import { keepTrying, type Logger } from "@postback/runtime";
import { toMessage } from "./event-message.ts";
import { EventNumbers, firstOfEpoch } from "./event-numbers.ts";

export interface PublisherOptions {
  db: Database;
  producer: Producer;
  topic: string;
  partition: number;
  epoch: bigint;
  /** All numbered events up to here are in Kafka. */
  onPublished(number: bigint): void;
  /** Aborted when the partition is another's. */
  signal: AbortSignal;
  logger: Logger;
}

const batchMax = 500;
const backlogPage = 500;

/**
 * Brings one partition's committed events to Kafka strictly in number order (design §3.3): first what former owners left
 * above the watermark, then its own. One batch at a time is under way, and what isn't acknowledged is sent again before
 * anything newer: readers drop by number what comes twice.
 */
export class Publisher {
  readonly numbers: EventNumbers;
  readonly #options: PublisherOptions;
  #isPublishing = false;
  #publishing: Promise<void> = Promise.resolve();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.numbers = new EventNumbers(options.epoch);
  }

  /** Publishes the backlog of former owners; own events wait behind it. */
  start(): void {
    this.#isPublishing = true;
    this.#publishing = this.#publishBacklog().then(() => this.#publishDecided());
  }

  /** Numbers were decided: publish what can be. */
  kick(): void {
    if (this.#isPublishing) return;
    this.#isPublishing = true;
    this.#publishing = this.#publishDecided();
  }

  /** Resolves when nothing that could be published is left, or the partition is lost. */
  async idle(): Promise<void> {
    while (this.#isPublishing) await this.#publishing;
  }

  async #publishBacklog(): Promise<void> {
    const { db, partition, epoch, signal } = this.#options;
    let after = await this.#untilDone(() => loadWatermark(db, partition));
    while (after !== undefined && !signal.aborted) {
      const from: bigint = after;
      const page = await this.#untilDone(() => loadUnpublished(db, partition, from, backlogPage));
      // Numbers of this epoch are this publisher's own and come by memory.
      const older = (page ?? []).filter(({ number }) => BigInt(number) <= firstOfEpoch(epoch));
      const last = older.at(-1);
      if (last === undefined) return;
      await this.#send(older);
      after = BigInt(last.number);
    }
  }

  async #publishDecided(): Promise<void> {
    for (;;) {
      const batch = this.numbers.takeDecided(batchMax);
      if (batch.length === 0 || this.#options.signal.aborted) break;
      await this.#send(batch);
    }
    // In the same turn as the look that found nothing: what is decided from here on starts anew.
    this.#isPublishing = false;
  }

  async #send(batch: readonly NumberedEvent[]): Promise<void> {
    const { producer, topic, partition, onPublished } = this.#options;
    const messages = batch.map((event) => toMessage(topic, partition, event));
    const sent = await this.#untilDone(() => producer.sendAll(messages));
    const last = batch.at(-1);
    if (sent && last) onPublished(BigInt(last.number));
  }

  /** Undefined when the partition was lost meanwhile. */
  #untilDone<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { signal, logger, partition } = this.#options;
    return keepTrying(work, { logger, event: "events.not-published", fields: { partition }, signal });
  }
}
