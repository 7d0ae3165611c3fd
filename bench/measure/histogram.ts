/** Values below 2^8 µs are counted one by one, larger ones in 128 buckets for each power of two: 0.8 % at worst. */
const exactBits = 8;
const bucketsPerPower = 2 ** (exactBits - 1);
/** 2^32 µs are 71 minutes: nothing here is measured that long. */
const valueMaxUs = 2 ** 32 - 1;
const bucketCount = bucketsPerPower * (32 - exactBits + 2);

export interface LatencySummary {
  readonly count: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** Latencies in log-linear buckets, as HdrHistogram has them (http://hdrhistogram.org): 13 KiB, however many there are. */
export class Histogram {
  readonly #counts = new Uint32Array(bucketCount);
  #count = 0;
  #maxUs = 0;

  /** @param valueUs what is below 0 or above 71 minutes is counted as that */
  record(valueUs: number): void {
    const value = Math.min(Math.max(0, Math.round(valueUs)), valueMaxUs);
    const at = bucketOf(value);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count += 1;
    if (value > this.#maxUs) this.#maxUs = value;
  }

  get count(): number {
    return this.#count;
  }

  /** The smallest value that `percent` of the values don't exceed, to the upper end of its bucket; 0 when there are none. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.#count));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return Math.min(upperEnd(at), this.#maxUs);
    }
    return 0;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      p50Us: this.percentile(50),
      p90Us: this.percentile(90),
      p99Us: this.percentile(99),
      maxUs: this.#maxUs,
    };
  }
}

function bucketOf(value: number): number {
  const shift = Math.max(0, 32 - Math.clz32(value) - exactBits);
  return shift * bucketsPerPower + (value >>> shift);
}

function upperEnd(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / bucketsPerPower) - 1);
  return (bucket - shift * bucketsPerPower + 1) * 2 ** shift - 1;
}
