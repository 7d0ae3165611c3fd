import type { ReplayableEvent, ReplayRow } from "@postback/database";
import { compileReplayScope, parsePattern, type ReplayPace, type ReplayStatus } from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";

/** A replay that this dispatcher works, with what it has read of it ahead. */
export interface HeldReplay {
  readonly row: ReplayRow;
  pace: ReplayPace | undefined;
  /** The last event that was judged. */
  cursor: string | undefined;
  /** Judged next, in the order of their ids. */
  ahead: ReplayableEvent[];
  /** Nothing comes after what is read ahead. */
  isReadToTheEnd: boolean;
  readAtMs: number;
  /** What is read ahead has the bodies: the endpoint has a filter. */
  hasBodies: boolean;
  /** When to look at it again. */
  lookAtMs: number;
}

export const holdReplay = (row: ReplayRow): HeldReplay => ({
  row,
  pace: undefined,
  cursor: row.cursor ?? undefined,
  ahead: [],
  isReadToTheEnd: false,
  readAtMs: 0,
  hasBodies: false,
  lookAtMs: 0,
});

/** Judges events by the subscription as it is now. */
export function scopeOf({ row }: HeldReplay, endpoint: Subscription): (event: ReplayableEvent) => boolean {
  return compileReplayScope({
    endpoint,
    patterns: row.events?.map(parsePattern).filter((pattern) => pattern !== undefined),
    statuses: (row.statuses ?? undefined) as readonly ReplayStatus[] | undefined,
  });
}
