import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type { Counter, Gauge, Histogram, Registry } from "prom-client";

/** From half a millisecond to half a minute, seconds: an accept and a webhook's longest attempt both fit. */
export const durationBucketsSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

interface MetricOptions<L extends string> {
  /** snake_case with the unit last, `postback_` goes before it. */
  name: string;
  help: string;
  labels?: readonly L[];
}

/** A registry of its own for each process (or test), and makers of the three kinds of metric in it. */
export interface Metrics {
  registry: Registry;
  counter<L extends string>(options: MetricOptions<L>): Counter<L>;
  gauge<L extends string>(options: MetricOptions<L> & { collect?: (gauge: Gauge<L>) => void }): Gauge<L>;
  histogram<L extends string>(options: MetricOptions<L> & { buckets?: number[] }): Histogram<L>;
}

/** @param app is on every metric as a label. @param processMetrics also CPU, memory, event loop and GC. */
export function createMetrics(app: string, { processMetrics = true } = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  if (processMetrics) collectDefaultMetrics({ register: registry });
  return {
    registry,
    counter: (options) => new Counter(inRegistry(registry, options)),
    gauge: ({ collect, ...options }) =>
      new Gauge({
        ...inRegistry(registry, options),
        ...(collect === undefined
          ? {}
          : {
              collect() {
                collect(this);
              },
            }),
      }),
    histogram: ({ buckets = durationBucketsSeconds, ...options }) =>
      new Histogram({ ...inRegistry(registry, options), buckets }),
  };
}

const inRegistry = <L extends string>(registry: Registry, { name, help, labels = [] }: MetricOptions<L>) => ({
  name: `postback_${name}`,
  help,
  labelNames: labels,
  registers: [registry],
});

/** The lag of a consumer's partitions, read when the metrics are. */
export function watchLag(
  metrics: Metrics,
  lag: () => readonly { topic: string; partition: number; lag: number }[],
): void {
  metrics.gauge({
    name: "consumer_lag_messages",
    help: "Messages of a partition that aren't done yet",
    labels: ["topic", "partition"],
    collect: (gauge) => {
      for (const { topic, partition, lag: messages } of lag()) {
        gauge.set({ topic, partition: String(partition) }, messages);
      }
    },
  });
}
