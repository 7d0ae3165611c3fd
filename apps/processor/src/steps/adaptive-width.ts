export interface AdaptiveWidthOptions {
  readonly max: number;
  /** Where it begins. Default 1. */
  readonly first?: number;
  /** How much wider it gets at a time. */
  readonly widerBy: number;
}

/**
 * How much may be tried at once where too much of it has to be taken back: additive increase while it goes well, and
 * multiplicative decrease as soon as it doesn't (D. Chiu, R. Jain, "Analysis of the Increase and Decrease Algorithms for
 * Congestion Avoidance", 1989).
 */
export class AdaptiveWidth {
  readonly #max: number;
  readonly #widerBy: number;
  #width: number;

  constructor({ max, first = 1, widerBy }: AdaptiveWidthOptions) {
    this.#max = max;
    this.#widerBy = widerBy;
    this.#width = Math.min(first, max);
  }

  /** From 1 to the maximum. */
  get allowed(): number {
    return Math.floor(this.#width);
  }

  /** All that was allowed was tried, and it went well. */
  widen(): void {
    this.#width = Math.min(this.#max, this.#width + this.#widerBy);
  }

  halve(): void {
    this.#width = Math.max(1, this.#width / 2);
  }
}
