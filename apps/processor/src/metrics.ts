import { durationBucketsSeconds, type Metrics } from "@postback/runtime";
import type { QueueWorker } from "./hand-over/queue-worker.ts";
import type { Ownership } from "./own/own-partitions.ts";
import type { StepReport } from "./steps/perform-once.ts";
import type { Scheduler } from "./steps/scheduler.ts";

export interface ProcessorMetrics {
  stepped(report: StepReport): void;
  admitted(count: number): void;
  deadLettered(reason: string): void;
  definitionMissing(type: string): void;
  producedAgain(count: number): void;
  /** A transaction of steps has ended. */
  shared(steps: number): void;
}

/** What operators watch of a processor. */
export function processorMetrics(metrics: Metrics): ProcessorMetrics {
  const admitted = metrics.counter({ name: "operations_admitted_total", help: "Commands that got a position" });
  const steps = metrics.counter({
    name: "steps_total",
    help: "Attempts of steps and compensations by their outcome",
    labels: ["type", "step", "direction", "outcome"],
  });
  const seconds = metrics.histogram({
    name: "step_duration_seconds",
    help: "Time of one attempt of a step",
    labels: ["type", "step"],
    buckets: durationBucketsSeconds,
  });
  const missing = metrics.counter({
    name: "definitions_missing_total",
    help: "Operations met whose type or revision no catalog of this processor has",
    labels: ["type"],
  });
  const again = metrics.counter({
    name: "commands_produced_again_total",
    help: "Commands that Kafka had acknowledged and lost; anything but 0 is an alarm",
  });
  const together = metrics.histogram({
    name: "steps_per_transaction",
    help: "Transaction steps that shared one transaction, of those that met others",
    buckets: [2, 4, 8, 16, 32],
  });
  const letters = metrics.counter({
    name: "dead_letters_total",
    help: "Messages that could not be worked",
    labels: ["reason"],
  });
  return {
    stepped({ row: { type }, step, direction, outcome, durationMs }) {
      steps.inc({ type, step, direction, outcome: outcome.kind });
      seconds.observe({ type, step }, durationMs / 1000);
    },
    admitted: (count) => admitted.inc(count),
    shared: (steps) => together.observe({}, steps),
    deadLettered: (reason) => letters.inc({ reason }),
    definitionMissing: (type) => missing.inc({ type }),
    producedAgain: (count) => again.inc(count),
  };
}

interface Watched {
  ownership: Ownership;
  scheduler: Scheduler;
  workers: readonly QueueWorker[];
}

/** What stands in memory now. */
export function watchMemory(metrics: Metrics, { ownership, scheduler, workers }: Watched): void {
  metrics.gauge({
    name: "queue_steps_waiting",
    help: "Steps of queues that are worked or wait for a slot",
    collect: (gauge) => gauge.set(workers.reduce((sum, { waiting }) => sum + waiting, 0)),
  });
  metrics.gauge({
    name: "partitions_owned",
    help: "Partitions that this processor owns",
    collect: (gauge) => gauge.set(ownership.all.length),
  });
  metrics.gauge({
    name: "operations_queued",
    help: "Unfinished operations in memory",
    collect: (gauge) => gauge.set(ownership.all.reduce((sum, { queues }) => sum + queues.size, 0)),
  });
  metrics.gauge({
    name: "operations_running",
    help: "Operations that are worked or wait for a slot",
    collect: (gauge) => gauge.set(scheduler.running),
  });
}
