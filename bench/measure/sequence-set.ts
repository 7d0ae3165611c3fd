/** So many numbers can be in one set: an hour at 2,500 a second needs 9 million, and 2 MiB. */
const sequenceMax = 16_777_216;
const startBytes = 8_192;

/** A set of whole numbers from 0 that are handed out one after another, one bit each. */
export class SequenceSet {
  #bits: Uint8Array;
  #size = 0;

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
    for (let byte = 0; byte < bits.length; byte += 1) this.#size += ones(bits[byte] ?? 0);
  }

  static empty(): SequenceSet {
    return new SequenceSet(new Uint8Array(startBytes));
  }

  /** @param text of {@link toText} */
  static fromText(text: string): SequenceSet {
    return new SequenceSet(new Uint8Array(Buffer.from(text, "base64")));
  }

  get size(): number {
    return this.#size;
  }

  /** @returns whether it wasn't in the set before @throws RangeError for what no run hands out */
  add(sequence: number): boolean {
    if (!Number.isInteger(sequence) || sequence < 0 || sequence >= sequenceMax) {
      throw new RangeError(`${sequence} is no number from 0 to ${sequenceMax - 1}`);
    }
    if (this.has(sequence)) return false;
    const byte = sequence >>> 3;
    if (byte >= this.#bits.length) this.#grow(byte + 1);
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (sequence & 7));
    this.#size += 1;
    return true;
  }

  has(sequence: number): boolean {
    return ((this.#bits[sequence >>> 3] ?? 0) & (1 << (sequence & 7))) !== 0;
  }

  /** How many of these are not in the other set. */
  countMissingFrom(other: SequenceSet): number {
    let missing = 0;
    for (let byte = 0; byte < this.#bits.length; byte += 1) {
      missing += ones((this.#bits[byte] ?? 0) & ~(other.#bits[byte] ?? 0));
    }
    return missing;
  }

  /** For the way to another process. */
  toText(): string {
    return Buffer.from(this.#bits).toString("base64");
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(bytes, this.#bits.length * 2));
    grown.set(this.#bits);
    this.#bits = grown;
  }
}

function ones(byte: number): number {
  let left = byte;
  let count = 0;
  for (; left !== 0; left &= left - 1) count += 1;
  return count;
}
