import type { LatencySummary } from "./measure/histogram.ts";
import type { ScenarioName } from "./scenarios.ts";

/** How requests are sent. */
export type Load =
  /** Open loop: on schedule, whether or not the one before was answered; latencies count from the schedule. */
  | { readonly kind: "rate"; readonly perSecond: number }
  /** Closed loop: each connection sends its next once it was answered, while not too many deliveries are owed. */
  | { readonly kind: "saturation"; readonly outstandingMax: number };

/** One stretch of load. */
export interface RunOrder {
  /** Of all runs on one stack, from 1. */
  readonly run: number;
  readonly scenario: ScenarioName;
  readonly load: Load;
  readonly connections: number;
  /** On the clock of `nowUs`. */
  readonly startAtUs: number;
  readonly seconds: number;
  /** What the first endpoint, `/0`, does where it is apart: its webhooks aren't in the figures. */
  readonly first?: FirstEndpoint;
}

/** `hangs`: takes the request and never answers. */
export type FirstEndpoint = "answers" | "hangs";

export type GeneratorOrder =
  | { readonly kind: "target"; readonly url: string; readonly apiKey: string }
  | { readonly kind: "run"; readonly order: RunOrder }
  | { readonly kind: "delivered"; readonly run: number; readonly count: number };

export interface GeneratorResult {
  readonly sent: number;
  /** Those answered 202, as text of a SequenceSet. */
  readonly accepted: string;
  /** How many were answered otherwise, or not at all: by status, or by the code of the error. */
  readonly refused: Readonly<Record<string, number>>;
  /** To the 202: from when it was to be sent. */
  readonly accept: LatencySummary;
  /** How late the generator itself was against its schedule; part of the other latencies. */
  readonly lateness: LatencySummary;
}

export type GeneratorReport =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly run: number; readonly accepted: number }
  | { readonly kind: "ran"; readonly result: GeneratorResult };

export type SinkOrder =
  /** @property secrets of the endpoints, in the order of their paths `/0`, `/1`, … */
  | { readonly kind: "endpoints"; readonly secrets: readonly string[] }
  | { readonly kind: "run"; readonly order: RunOrder }
  | { readonly kind: "report" };

export interface SinkResult {
  /** For each endpoint that counts what arrived there, as text of a SequenceSet. */
  readonly arrived: readonly string[];
  /** Of those, how many while the load was on. */
  readonly arrivedInTime: number;
  /** Arrivals of what had arrived at the same endpoint before, in this run or an earlier one. */
  readonly duplicates: number;
  readonly webhookIds: number;
  readonly verified: number;
  /** Webhooks of the sample whose signature is wrong, and requests that are none of ours. */
  readonly wrong: readonly string[];
  /** From when it was to be sent to when the sink had read the webhook. */
  readonly delivery: LatencySummary;
}

export type SinkReport =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "progress"; readonly run: number; readonly delivered: number }
  | { readonly kind: "result"; readonly result: SinkResult };
