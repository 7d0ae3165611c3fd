const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/**
 * The partition of a key, as Kafka's Java client computes it: `toPositive(murmur2(bytes)) % partitions`
 * (`BuiltInPartitioner.partitionForKey` and `Utils.murmur2` in apache/kafka). Strings are hashed as UTF-8.
 */
export function partitionFor(key: string | Buffer, partitions: number): number {
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new RangeError(`the number of partitions must be a whole number of at least 1, not ${partitions}`);
  }
  const bytes = typeof key === "string" ? Buffer.from(key) : key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, with Kafka's seed; a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const wholeWords = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < wholeWords; i += 4) {
    hash = Math.imul(hash, MULTIPLIER) ^ mixed(wordAt(bytes, i));
  }
  if (length > wholeWords) hash = Math.imul(hash ^ tailAt(bytes, wholeWords), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return (hash ^ (hash >>> 15)) | 0;
}

function mixed(word: number): number {
  const product = Math.imul(word, MULTIPLIER);
  return Math.imul(product ^ (product >>> 24), MULTIPLIER);
}

const byteAt = (bytes: Uint8Array, i: number): number => bytes[i] ?? 0;

const wordAt = (bytes: Uint8Array, i: number): number =>
  byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24);

/** The last one to three bytes; those past the end count as 0, as the fall-through of the original does. */
const tailAt = (bytes: Uint8Array, i: number): number =>
  byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16);
