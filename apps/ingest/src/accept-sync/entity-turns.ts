import { overloaded } from "../refusal.ts";

export interface TurnOptions {
  /** Writes in work at the same time; each holds a connection. */
  atOnceMax: number;
  /** Writes that are in work or wait, at most; default 1 000. One more is refused. */
  takenMax?: number;
  /** How long one waits for its turn, milliseconds; default 5 000. Then it is refused. */
  waitMaxMs?: number;
}

/** Does a part of a write, with a connection. */
export type InSlot = <T>(part: () => Promise<T>) => Promise<T>;

/**
 * One write at a time for each entity, some entities at once. Postgres would let them wait for the entity's lock too, but
 * each on a connection, and the pool is everybody's.
 */
export class EntityTurns {
  readonly #options: Required<TurnOptions>;
  /** The end of the last write that came for each entity. */
  readonly #lastEnds = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #taken = 0;

  constructor(options: TurnOptions) {
    this.#options = { takenMax: 1_000, waitMaxMs: 5_000, ...options };
    this.#free = options.atOnceMax;
  }

  /**
   * Does the work when no other of its entity is under way. What needs a connection goes in a slot, any number of times one
   * after another: what waits for something else needn't keep one from the others.
   * @throws {Refusal} overloaded, when its turn or a slot is too far away
   */
  async take<T>(entityKey: string, work: (inSlot: InSlot) => Promise<T>): Promise<T> {
    if (this.#taken >= this.#options.takenMax) throw overloaded("Too many writes wait for their turn. Try again.");
    const cameAtMs = performance.now();
    const before = this.#lastEnds.get(entityKey);
    const { promise: end, resolve } = Promise.withResolvers<void>();
    this.#lastEnds.set(entityKey, end);
    this.#taken += 1;
    try {
      await before;
      return await work((part) => this.#inSlot(() => this.#inTime(cameAtMs, part)));
    } finally {
      this.#taken -= 1;
      if (this.#lastEnds.get(entityKey) === end) this.#lastEnds.delete(entityKey);
      resolve();
    }
  }

  #inTime<T>(cameAtMs: number, work: () => Promise<T>): Promise<T> {
    if (performance.now() - cameAtMs <= this.#options.waitMaxMs) return work();
    throw overloaded("Other writes of this entity took too long. Try again.");
  }

  async #inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
