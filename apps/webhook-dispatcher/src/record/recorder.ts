import { isDataFailure, type Outcomes } from "@postback/database";
import { keepTrying, type Logger, sleepUnlessAborted } from "@postback/runtime";
import type { HeldEvent } from "../lanes/held.ts";
import { type Entry, toOutcomes } from "./pending-outcomes.ts";

export interface RecorderOptions {
  write(outcomes: Outcomes): Promise<void>;
  /** All deliveries of the event have rows: its offset may go on. */
  onRecorded(event: HeldEvent): void;
  /** The data of this one entry is refused by the database. */
  onRejected(entry: Entry, error: unknown): Promise<void>;
  /** Called when more than {@link heldMax} wait, and again when half of it do. */
  onPressure(isHigh: boolean): void;
  logger: Logger;
}

/** Outcomes that wait to be written, at most; then consumption pauses (design §3.4). */
export const heldMax = 1_000;
const batchMax = 500;
/**
 * How long a lone outcome waits for company. It is off the way of the webhook, and four rows a statement cost Postgres
 * half of what four statements do.
 */
const lingerMs = 20;

/** Writes outcomes in batches, one statement at a time, in the order in which they came. */
export class Recorder {
  readonly #options: RecorderOptions;
  #waiting: Entry[] = [];
  #writing = 0;
  #isHigh = false;
  #room = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #hurry = new AbortController();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length + this.#writing;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
    if (!this.#isHigh && this.waiting > heldMax) this.#press(true);
    // Somebody waits for the next one of a queue, which can't begin before this one is written.
    const isQueued = entry.delivery?.orderKey !== undefined;
    if (isQueued || this.#waiting.length >= batchMax) this.#hurry.abort();
    this.#running ??= this.#run();
  }

  /** Undefined while fewer than {@link heldMax} wait; else resolves when they are down to half of it. */
  room(): Promise<void> | undefined {
    return this.#isHigh ? this.#room.promise : undefined;
  }

  /** Resolves when all that was added before is written. */
  async flush(): Promise<void> {
    while (this.#running) {
      this.#hurry.abort();
      await this.#running;
    }
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#linger();
      const batch = this.#waiting.splice(0, batchMax);
      this.#writing = batch.length;
      await this.#write(batch);
      this.#writing = 0;
      if (this.#isHigh && this.waiting <= heldMax / 2) this.#press(false);
    }
    this.#running = undefined;
  }

  async #linger(): Promise<void> {
    if (this.#waiting.length < batchMax && !this.#hurry.signal.aborted) {
      // Sooner when somebody is in a hurry.
      await sleepUnlessAborted(lingerMs, this.#hurry.signal);
    }
    if (this.#hurry.signal.aborted && this.#waiting.length <= batchMax) this.#hurry = new AbortController();
  }

  async #write(batch: readonly Entry[]): Promise<void> {
    const failure = await this.#writeOrRefuse(batch);
    if (failure === undefined) return this.#settle(batch);
    const [only] = batch;
    if (batch.length === 1 && only) {
      await this.#options.onRejected(only, failure);
      return this.#settle(batch);
    }
    const half = Math.ceil(batch.length / 2);
    await this.#write(batch.slice(0, half));
    await this.#write(batch.slice(half));
  }

  /** Tries until it is written; answers with the error when its data is at fault, which trying again can't mend. */
  async #writeOrRefuse(batch: readonly Entry[]): Promise<unknown> {
    const { write, logger } = this.#options;
    try {
      await keepTrying(() => write(toOutcomes(batch)), {
        logger,
        event: "outcomes.not-written",
        fields: { rows: batch.length },
        shouldRetry: (error) => !isDataFailure(error),
      });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #settle(batch: readonly Entry[]): void {
    for (const { event } of batch) {
      if (event === undefined) continue;
      event.rowQueued = true;
      event.unrecorded -= 1;
      if (event.unrecorded <= 0) this.#options.onRecorded(event);
    }
  }

  #press(isHigh: boolean): void {
    this.#isHigh = isHigh;
    if (isHigh) this.#room = Promise.withResolvers();
    else this.#room.resolve();
    this.#options.onPressure(isHigh);
  }
}
