import { durationBucketsSeconds, type Metrics } from "@postback/runtime";
import type { Outgoing } from "./lanes/held.ts";
import type { AfterAttempt, Lanes } from "./lanes/lanes.ts";
import type { Recorder } from "./record/recorder.ts";
import type { AttemptResult as Sent } from "./send/post-webhook.ts";

export interface DispatcherMetrics {
  attempted(outgoing: Outgoing, sent: Sent, next: AfterAttempt): void;
  deadLettered(reason: string): void;
}

/** What operators watch of a dispatcher. */
export function dispatcherMetrics(metrics: Metrics): DispatcherMetrics {
  const attempts = metrics.counter({
    name: "delivery_attempts_total",
    help: "Attempts of deliveries by their outcome; a batch is one of each delivery in it",
    labels: ["outcome"],
  });
  const seconds = metrics.histogram({
    name: "delivery_attempt_duration_seconds",
    help: "Time of one request, to the end of its answer",
    buckets: durationBucketsSeconds,
  });
  const latency = metrics.histogram({
    name: "delivery_latency_seconds",
    help: "From the acceptance of an event to its delivery",
    buckets: durationBucketsSeconds,
  });
  const ended = metrics.counter({
    name: "deliveries_ended_total",
    help: "Deliveries that came to their end",
    labels: ["status"],
  });
  const letters = metrics.counter({
    name: "dead_letters_total",
    help: "Messages that could not be worked",
    labels: ["reason"],
  });
  return {
    attempted(outgoing, sent, next) {
      attempts.inc({ outcome: sent.outcome.kind });
      seconds.observe(sent.durationMs / 1000);
      if (next.state !== "waiting") ended.inc({ status: next.state });
      if (next.state === "delivered") latency.observe((Date.now() - outgoing.acceptedAtMs) / 1000);
    },
    deadLettered: (reason) => letters.inc({ reason }),
  };
}

/** What stands in memory now. */
export function watchMemory(metrics: Metrics, lanes: Lanes, recorder: Recorder): void {
  metrics.gauge({
    name: "deliveries_in_flight",
    help: "Requests that are out",
    collect: (gauge) => gauge.set(lanes.inFlight),
  });
  metrics.gauge({
    name: "deliveries_waiting",
    help: "Deliveries that wait in memory for a slot",
    collect: (gauge) => gauge.set(lanes.waiting),
  });
  metrics.gauge({
    name: "outcomes_waiting",
    help: "Outcomes that are not written yet",
    collect: (gauge) => gauge.set(recorder.waiting),
  });
  metrics.gauge({
    name: "lanes",
    help: "Lanes in memory by the state of their breaker",
    labels: ["breaker"],
    collect: (gauge) => {
      for (const [breaker, count] of Object.entries(lanes.countByBreaker())) gauge.set({ breaker }, count);
    },
  });
}
