import type { Metrics } from "@postback/runtime";

export interface UpkeepMetrics {
  /** What a round did with the weeks that are older than the retention. */
  ranges(seen: { dropped: number; held: number }): void;
}

/** What operators watch of the upkeep. */
export function upkeepMetrics(metrics: Metrics): UpkeepMetrics {
  const dropped = metrics.counter({ name: "ranges_dropped_total", help: "Weeks of finished rows that were dropped" });
  const held = metrics.gauge({
    name: "ranges_held",
    help: "Weeks older than the retention that unfinished rows hold, as this processor last saw it",
  });
  return {
    ranges(seen) {
      dropped.inc(seen.dropped);
      held.set(seen.held);
    },
  };
}
