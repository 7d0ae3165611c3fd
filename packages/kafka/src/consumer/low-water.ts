/** Finished entries are cut off the array when there are this many, so that neither memory nor time grows. */
const COMPACT_AFTER = 1_024;

/**
 * The low-water mark of one partition in one generation: which offset may be committed when work ends in any order.
 * Offsets ascend but have holes (compaction, transaction markers). All operations are O(1), amortized.
 *
 * - {@link open}: an offset was handed over and needs a {@link done};
 * - {@link value}: the lowest open offset, or, with none open, just past all that was handed over or skipped.
 */
export class LowWater {
  /** Handed over, ascending; those before the head are done. */
  #handed: number[] = [];
  #head = 0;
  readonly #open = new Set<number>();
  #next: number | undefined;

  /** Offsets that were handed over, ascending. One at or below what was handed over before is a new start: the log was reset. */
  open(offsets: readonly number[]): void {
    for (const offset of offsets) {
      if (this.#next !== undefined && offset < this.#next) this.#restart();
      this.#handed.push(offset);
      this.#open.add(offset);
      this.#next = offset + 1;
    }
  }

  /** Nothing below `offset` will be handed over any more: what is there is no message of ours (markers, compacted records). */
  skipTo(offset: number): void {
    if (this.#next === undefined || offset > this.#next) this.#next = offset;
  }

  /** @returns false when the offset wasn't open: done before, or of an earlier generation */
  done(offset: number): boolean {
    return this.#open.delete(offset);
  }

  /** Number of offsets handed over and not done. */
  get openCount(): number {
    return this.#open.size;
  }

  /** The next offset to be handed over; `undefined` before the first. */
  get next(): number | undefined {
    return this.#next;
  }

  /** What may be committed (Kafka's meaning: the first offset that is still needed); `undefined` before the first hand-over. */
  get value(): number | undefined {
    for (let offset = this.#handed[this.#head]; offset !== undefined; offset = this.#handed[this.#head]) {
      if (this.#open.has(offset)) return offset;
      this.#head += 1;
      this.#compact();
    }
    return this.#next;
  }

  #compact(): void {
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#handed.length) return;
    this.#handed = this.#handed.slice(this.#head);
    this.#head = 0;
  }

  #restart(): void {
    this.#handed = [];
    this.#head = 0;
    this.#open.clear();
  }
}
