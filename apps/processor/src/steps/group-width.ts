/** How much wider for a group that was full: four of them make room for one more. */
const widerBy = 0.25;

/**
 * How many shared transactions of one kind of step may be open at once. More of them keep a distant or slow Postgres
 * busy; too many only wait for each other's rows. So it is additive increase while full groups leave work behind, and
 * multiplicative decrease as soon as one meets a lock (D. Chiu, R. Jain, "Analysis of the Increase and Decrease
 * Algorithms for Congestion Avoidance", 1989).
 */
export class GroupWidth {
  readonly #max: number;
  #width = 1;

  constructor(max: number) {
    this.#max = max;
  }

  /** From 1 to the maximum. */
  get allowed(): number {
    return Math.floor(this.#width);
  }

  /** A group took all that it could, met no lock, and others are still waiting. */
  full(): void {
    this.#width = Math.min(this.#max, this.#width + widerBy);
  }

  /** A member waited too long for a lock. */
  conflicted(): void {
    this.#width = Math.max(1, this.#width / 2);
  }
}
