import type { PendingMessage } from "./pending-message.ts";

/** Taken entries are cut off the array when there are this many of them, so that neither memory nor time grows. */
const COMPACT_AFTER = 1_024;

/** First in, first out: the messages that aren't in a request yet. */
export class WaitingMessages {
  #entries: PendingMessage[] = [];
  #head = 0;

  push(pending: PendingMessage): void {
    this.#entries.push(pending);
  }

  get isEmpty(): boolean {
    return this.#head >= this.#entries.length;
  }

  /** The next batch, in order, without those that were settled while they waited; at least one message if there is any. */
  take(maxMessages: number, maxBytes: number): PendingMessage[] {
    const batch: PendingMessage[] = [];
    let bytes = 0;
    for (let next = this.#entries[this.#head]; next !== undefined; next = this.#entries[this.#head]) {
      const fits = batch.length === 0 || (batch.length < maxMessages && bytes + next.bytes <= maxBytes);
      if (!next.settled && !fits) break;
      this.#head += 1;
      if (next.settled) continue;
      batch.push(next);
      bytes += next.bytes;
    }
    this.#compact();
    return batch;
  }

  #compact(): void {
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
