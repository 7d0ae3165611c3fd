import { type Logger, sleepUnlessAborted } from "@postback/runtime";

export interface SharedLookUpsOptions<S, M> {
  /** One statement for many subjects; its answers are in their order. */
  lookUp(subjects: readonly S[]): Promise<readonly (M | undefined)[]>;
  /** The same text for the same subject: those who wait for one share its look-up. */
  keyOf(subject: S): string;
  logger: Logger;
  /** Between the end of one look-up and the next, at least, milliseconds; default 25. */
  pauseMs?: number;
  /** Subjects in one statement, at most; default 500. */
  batchMax?: number;
}

export interface WaitUntil<M> {
  /** Asked with each answer; a subject that isn't there (yet) is `undefined`. */
  isOver(mark: M | undefined): boolean;
  timeoutMs: number;
  /** The client went away. */
  signal: AbortSignal;
}

interface Waiter<M> extends Pick<WaitUntil<M>, "isOver"> {
  end(): void;
}

interface Watched<S, M> {
  subject: S;
  waiters: Set<Waiter<M>>;
}

/** The share of one connection that look-ups take at most is one in this many. */
const restFactor = 4;
/** After a look-up that failed, milliseconds. */
const afterFailureMs = 500;

/**
 * Waits for states in Postgres on behalf of many clients: one statement at a time looks up all that anybody waits for,
 * however many wait. It rests in proportion to how long a look-up takes, so that waiting never takes more than a fifth
 * of one connection (docs/adr/0023).
 */
export class SharedLookUps<S, M> {
  readonly #options: Required<SharedLookUpsOptions<S, M>>;
  readonly #watched = new Map<string, Watched<S, M>>();
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;

  constructor(options: SharedLookUpsOptions<S, M>) {
    this.#options = { pauseMs: 25, batchMax: 500, ...options };
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Resolves when it is over, the time is up, the client is gone, or this is closed. Never rejects. */
  async until(subject: S, { isOver, timeoutMs, signal }: WaitUntil<M>): Promise<void> {
    if (this.#closing.signal.aborted || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const waiter = { isOver, end: () => resolve() };
    const leave = this.#add(subject, waiter);
    signal.addEventListener("abort", waiter.end, { once: true });
    this.#looking ??= this.#look();
    await promise;
    signal.removeEventListener("abort", waiter.end);
    clearTimeout(timer);
    leave();
  }

  /** Ends all waits; those who waited answer with what they know. */
  close(): void {
    this.#closing.abort();
    for (const { waiters } of this.#watched.values()) for (const { end } of waiters) end();
  }

  #add(subject: S, waiter: Waiter<M>): () => void {
    const key = this.#options.keyOf(subject);
    const watched = this.#watched.get(key) ?? { subject, waiters: new Set() };
    watched.waiters.add(waiter);
    this.#watched.set(key, watched);
    return () => {
      watched.waiters.delete(waiter);
      if (watched.waiters.size === 0 && this.#watched.get(key) === watched) this.#watched.delete(key);
    };
  }

  /** Begins in a microtask, so that what begins to wait together is looked up together. */
  async #look(): Promise<void> {
    const { signal } = this.#closing;
    await Promise.resolve();
    while (this.#watched.size > 0 && !signal.aborted) {
      const restMs = await this.#lookOnce();
      // Sooner when it is closed: nobody waits any more.
      await sleepUnlessAborted(restMs, signal);
    }
    this.#looking = undefined;
  }

  /** @returns how long to rest */
  async #lookOnce(): Promise<number> {
    const { batchMax, logger, pauseMs } = this.#options;
    const startedMs = performance.now();
    try {
      const all = [...this.#watched.values()];
      for (let from = 0; from < all.length; from += batchMax) await this.#lookAt(all.slice(from, from + batchMax));
    } catch (error) {
      logger.warn({ err: error, waiting: this.#watched.size }, "waits.look-up-failed");
      return afterFailureMs;
    }
    return Math.max(pauseMs, restFactor * (performance.now() - startedMs));
  }

  async #lookAt(batch: readonly Watched<S, M>[]): Promise<void> {
    const marks = await this.#options.lookUp(batch.map(({ subject }) => subject));
    for (const [index, { waiters }] of batch.entries()) {
      for (const waiter of waiters) if (waiter.isOver(marks[index])) waiter.end();
    }
  }
}
