import { type Database, findStalest, type Stalest } from "@postback/database";
import { type Logger, type Metrics, repeatUntilStopped } from "@postback/runtime";

export interface WatchFreshnessOptions {
  db: Database;
  metrics: Metrics;
  logger: Logger;
}

const intervalMs = 15_000;
/** Lanes looked at, those due first; endpoints with a metric of their own; deliveries counted of each. */
const bounds = { lanesMax: 5_000, top: 10, backlogMax: 10_000 };

/** How far behind endpoints are, as metrics: of all together, and of the worst few. */
export function watchFreshness({ db, metrics, logger }: WatchFreshnessOptions, signal: AbortSignal): Promise<void> {
  let stalest: Stalest = { behind: 0, endpoints: [] };
  describeStalest(metrics, () => stalest);
  const look = async () => {
    stalest = await findStalest(db, bounds);
  };
  return repeatUntilStopped(look, { intervalMs, signal, logger, event: "freshness.not-read" });
}

/** Gauges that show what was last found; an endpoint that isn't among the worst any more has none. */
export function describeStalest(metrics: Metrics, current: () => Stalest): void {
  metrics.gauge({
    name: "endpoints_behind",
    help: `Endpoints of all tenants with deliveries that have not ended, at most ${bounds.lanesMax}`,
    collect: (gauge) => gauge.set(current().behind),
  });
  metrics.gauge({
    name: "oldest_undelivered_seconds",
    help: "Age of the oldest event that some endpoint has not got",
    collect: (gauge) => gauge.set((current().endpoints[0]?.oldestAgeMs ?? 0) / 1000),
  });
  metrics.gauge({
    name: "endpoint_oldest_undelivered_seconds",
    help: `The same of the ${bounds.top} endpoints that are furthest behind`,
    labels: ["endpoint"],
    collect: (gauge) => {
      gauge.reset();
      for (const { endpointId, oldestAgeMs } of current().endpoints) {
        gauge.set({ endpoint: endpointId }, oldestAgeMs / 1000);
      }
    },
  });
  metrics.gauge({
    name: "endpoint_backlog",
    help: `Deliveries of these that have not ended, at most ${bounds.backlogMax}`,
    labels: ["endpoint"],
    collect: (gauge) => {
      gauge.reset();
      for (const { endpointId, backlog } of current().endpoints) gauge.set({ endpoint: endpointId }, backlog);
    },
  });
}
