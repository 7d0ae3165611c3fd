/** How many readers of the past read at once: each holds what it has read in memory until its client has taken it. */
const atOnceMax = 4;

/** A turn for each read of the past: many clients that come back at the same time catch up one after the other. */
export class ReadingTurns {
  readonly #waiting: (() => void)[] = [];
  #free = atOnceMax;

  async take<T>(read: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await read();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
