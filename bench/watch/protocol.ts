import type { LatencySummary } from "../measure/histogram.ts";

export type WatchersOrder =
  | { readonly kind: "target"; readonly url: string; readonly apiKey: string }
  /** Opens streams that are told nothing. */
  | { readonly kind: "open-idle"; readonly count: number }
  | { readonly kind: "close-idle" }
  | { readonly kind: "count-idle" }
  /** Opens a stream of this event type, and measures it. */
  | { readonly kind: "follow"; readonly type: string }
  /** Closes it, and reports. */
  | { readonly kind: "unfollow" };

export type WatchersReport =
  | { readonly kind: "ready" }
  /** How many idle streams are open: after each order about them. */
  | { readonly kind: "idle"; readonly open: number }
  | { readonly kind: "following" }
  | { readonly kind: "followed"; readonly latency: LatencySummary };
