import type { NumberedEvent } from "@postback/database";

/** `epoch·2^40 + n`: numbers of two owners never mix, and each owner has 2^40 of them. */
export const firstOfEpoch = (epoch: bigint): bigint => epoch << 40n;

type Decision = "undecided" | "skipped" | NumberedEvent;

/**
 * The numbers of one owner's events in one partition, in memory (design §3.3). A number is drawn for a transaction's last
 * statement; until it is known whether that committed, nothing above it is given out.
 */
export class EventNumbers {
  #last: bigint;
  /** Drawn and not given out yet; the first is the lowest. */
  readonly #drawn = new Map<bigint, Decision>();

  constructor(epoch: bigint) {
    this.#last = firstOfEpoch(epoch);
  }

  draw(): bigint {
    this.#last += 1n;
    this.#drawn.set(this.#last, "undecided");
    return this.#last;
  }

  /** Its transaction committed. */
  commit(event: NumberedEvent): void {
    this.#decide(BigInt(event.number), event);
  }

  /** Its transaction rolled back: no event has this number, and none ever will. */
  skip(number: bigint): void {
    this.#decide(number, "skipped");
  }

  /** Events up to the first undecided number, in order; each is given out once. */
  takeDecided(max: number): NumberedEvent[] {
    const taken: NumberedEvent[] = [];
    for (const [number, decision] of this.#drawn) {
      if (decision === "undecided" || taken.length === max) break;
      this.#drawn.delete(number);
      if (decision !== "skipped") taken.push(decision);
    }
    return taken;
  }

  get undecided(): number {
    let count = 0;
    for (const decision of this.#drawn.values()) if (decision === "undecided") count += 1;
    return count;
  }

  #decide(number: bigint, decision: Decision): void {
    if (this.#drawn.get(number) !== "undecided") throw new RangeError(`number ${number} is not awaiting a decision`);
    this.#drawn.set(number, decision);
  }
}
