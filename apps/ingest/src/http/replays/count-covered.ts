import type { ReplayableEvent, ReplayRange } from "@postback/database";
import type { IngestStore } from "../../store.ts";

export interface CountOptions {
  store: Pick<IngestStore, "loadReplayable">;
  /** Milliseconds, from any origin. */
  clock(): number;
}

/** After so long the count says "at least": a request is no place to read a month of events. */
export const countForMs = 3_000;
const pageMax = 2_000;
/** With bodies, of up to 256 KiB each. */
const pageWithBodiesMax = 50;

/** How many events of a range are covered, page by page, for a bounded time. */
export async function countCovered(
  { store, clock }: CountOptions,
  range: Omit<ReplayRange, "after" | "limit">,
  covers: (event: ReplayableEvent) => boolean,
): Promise<{ count: number; isExact: boolean }> {
  const endsAtMs = clock() + countForMs;
  const limit = range.withBodies ? pageWithBodiesMax : pageMax;
  let count = 0;
  for (let after: string | undefined; ; ) {
    const page = await store.loadReplayable({ ...range, after, limit });
    count += page.filter(covers).length;
    if (page.length < limit) return { count, isExact: true };
    if (clock() >= endsAtMs) return { count, isExact: false };
    after = page.at(-1)?.eventId;
  }
}
