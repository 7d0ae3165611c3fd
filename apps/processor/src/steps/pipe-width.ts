import { AdaptiveWidth } from "./adaptive-width.ts";

const first = 8;
/** How long steps of a kind aren't sent ahead after too many of them went on after their first statements. */
const singlyMs = 60_000;

/**
 * How many members of one kind of step may stand in the pipe at once, the one whose turn it is among them. Wider while
 * all of them stand, halved when some had to be sent again. A kind whose steps often read first and go on from there has
 * nothing to gain: it is left alone for a while.
 */
export class PipeWidth {
  readonly #width: AdaptiveWidth;
  #singlyUntilMs = 0;

  constructor(max: number) {
    this.#width = new AdaptiveWidth({ max, first, widerBy: 1 });
  }

  allowed(nowMs: number): number {
    return nowMs < this.#singlyUntilMs ? 1 : this.#width.allowed;
  }

  /** As many as were allowed were in the pipe, and all stand. */
  stood(nowMs: number): void {
    if (nowMs >= this.#singlyUntilMs) this.#width.widen();
  }

  /** One left nothing, and those behind it have to be sent again. */
  undone(): void {
    this.#width.halve();
  }

  /** One asked for more, and those behind it have to be sent again. */
  late(nowMs: number): void {
    this.#width.halve();
    if (this.#width.allowed === 1) this.#singlyUntilMs = nowMs + singlyMs;
  }
}
