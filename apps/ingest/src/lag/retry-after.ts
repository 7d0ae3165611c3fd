/** Seconds after which asking for an operation of a partition makes sense. */
export type RetryAfterSeconds = (partition: number) => number;

/** What is known of a partition of `commands`. */
export interface PartitionLag {
  /** Commands that no processor has taken. */
  behind: number;
  /** How many a second were taken of late. */
  takenPerSecond: number;
}

const leastSeconds = 1;
const mostSeconds = 60;

/** When what is accepted now has probably been taken: in no time where nothing waits, never said to be over a minute. */
export function retryAfterOf(lag: PartitionLag | undefined): number {
  if (lag === undefined || lag.behind <= 0) return leastSeconds;
  if (lag.takenPerSecond <= 0) return mostSeconds;
  return Math.min(mostSeconds, Math.max(leastSeconds, Math.ceil(lag.behind / lag.takenPerSecond)));
}
