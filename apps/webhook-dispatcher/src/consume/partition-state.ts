/** What a dispatcher knows of a partition of `events` that it reads. */
export interface PartitionState {
  /** The highest offset and number that had a recorded outcome when the partition was assigned. */
  readonly recordedOffset: number;
  readonly recordedNumber: bigint;
  /** The highest number seen since. */
  seenNumber: bigint;
}

export type Novelty =
  /** Nothing at or beyond this place was recorded: Postgres need not be asked. */
  | "new"
  /** It, or something after it, was recorded: its deliveries may have rows. */
  | "maybe-recorded"
  /** Its number was seen already, at an earlier offset. */
  | "repeated";

/** Judges a message by its place and number (design §3.3, §3.4), and notes the number. */
export function noveltyOf(state: PartitionState, offset: number, number: bigint | undefined): Novelty {
  if (number !== undefined && number <= state.seenNumber) return "repeated";
  if (number !== undefined) state.seenNumber = number;
  const isBehind = offset <= state.recordedOffset || (number !== undefined && number <= state.recordedNumber);
  return isBehind ? "maybe-recorded" : "new";
}
