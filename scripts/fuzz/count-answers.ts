/** How often each class of status was answered, and by how many calls: whether a run got further than refusals. */
export interface Answers {
  /** `2xx` and so on. */
  readonly byClass: Readonly<Record<string, number>>;
  /** Calls, each a method and a route, that answered with success at least once. */
  readonly callsThatSucceeded: number;
}

const count = /^(?:\w+_)?http_request_duration_seconds_count\{([^}]*)\} (\d+)/gm;

/** @param metrics of ingest, in Prometheus' text format */
export function countAnswers(metrics: string): Answers {
  const byClass: Record<string, number> = {};
  const succeeded = new Set<string>();
  for (const [, labels = "", times = "0"] of metrics.matchAll(count)) {
    const of = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    if (!of("route").startsWith("/v1/")) continue;
    const statusClass = `${of("status").slice(0, 1)}xx`;
    byClass[statusClass] = (byClass[statusClass] ?? 0) + Number(times);
    if (statusClass === "2xx") succeeded.add(`${of("method")} ${of("route")}`);
  }
  return { byClass, callsThatSucceeded: succeeded.size };
}
