import { type Cursor, latelyMax, type Position, tagOf } from "./cursor.ts";
import type { LogEvent } from "./log-event.ts";

/** Events without a number that a reader remembers. */
const rememberedMax = 256;

/**
 * How far one reader is, in every partition, and what it has been told: pure bookkeeping. Doubles are dropped: an event
 * by its number, one without by its id, as long as that is remembered (design §5).
 */
export class FeedPlace {
  readonly #positions: Map<number, Position>;
  /** Oldest first. */
  readonly #told: Set<string>;

  constructor(start: Cursor) {
    this.#positions = new Map(start.positions);
    this.#told = new Set(start.lately);
  }

  offsetOf(partition: number): number {
    return this.#at(partition).offset;
  }

  /** All below is read. */
  readTo(partition: number, offset: number): void {
    const { offset: before, number } = this.#at(partition);
    if (offset > before) this.#positions.set(partition, { offset, number });
  }

  /** The log goes on elsewhere: it was cut, or retention passed the reader. */
  jumpTo(partition: number, offset: number): void {
    this.#positions.set(partition, { offset, number: this.#at(partition).number });
  }

  /**
   * Takes an event that the reader wants.
   * @returns whether to tell it: it was not read before, and is no double
   */
  take({ partition, offset, number, header }: LogEvent): boolean {
    const at = this.#at(partition);
    if (offset < at.offset) return false;
    if (number !== undefined) {
      this.#positions.set(partition, { offset: offset + 1, number: number > at.number ? number : at.number });
      return number > at.number;
    }
    this.#positions.set(partition, { ...at, offset: offset + 1 });
    return this.#remember(tagOf(header.id));
  }

  cursor(): Cursor {
    return { positions: this.#positions, lately: [...this.#told].slice(-latelyMax) };
  }

  #remember(tag: string): boolean {
    if (this.#told.has(tag)) return false;
    this.#told.add(tag);
    for (const oldest of this.#told) {
      if (this.#told.size <= rememberedMax) break;
      this.#told.delete(oldest);
    }
    return true;
  }

  #at(partition: number): Position {
    const position = this.#positions.get(partition);
    if (position === undefined) throw new Error(`partition ${partition} is not read here`);
    return position;
  }
}
