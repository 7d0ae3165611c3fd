/** So many messages of a window go one by one: whoever reads little is never kept waiting. */
const FEW_MESSAGES = 2;

/**
 * Says how long a busy consumer waits before it fetches again, so that one fetch brings what several would have: each costs some
 * 0.3 ms of CPU here, and as much in the broker. Times are milliseconds of one clock.
 */
export class Gathering {
  readonly #windowMs: number;
  #beganAtMs = Number.NEGATIVE_INFINITY;
  #messages = 0;

  /** @param windowMs from the first message on; 0: nothing ever waits */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** So many messages have come. */
  add(messages: number, nowMs: number): void {
    if (nowMs >= this.#beganAtMs + this.#windowMs) {
      this.#beganAtMs = nowMs;
      this.#messages = 0;
    }
    this.#messages += messages;
  }

  /** What is left of the window, where it has brought more than a few messages already; else 0. */
  leftMs(nowMs: number): number {
    return this.#messages > FEW_MESSAGES ? Math.max(0, this.#beganAtMs + this.#windowMs - nowMs) : 0;
  }
}
