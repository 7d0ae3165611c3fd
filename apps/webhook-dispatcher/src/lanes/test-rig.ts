import { type AttemptOutcome, LIVE } from "@postback/domain";
import type { AttemptResult } from "../send/post-webhook.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { HeldEvent, Outgoing } from "./held.ts";

/** What tests of lanes send to, and what comes of it. */
export const ok: AttemptOutcome = { kind: "accepted", status: 200 };
export const down: AttemptOutcome = { kind: "refused", status: 500 };
export const gone: AttemptOutcome = { kind: "refused", status: 410 };

/** An endpoint with two slots. */
export const anEndpoint = (over: Partial<Subscription> = {}): Subscription => ({
  tenantId: "t",
  endpointId: "e",
  patterns: [],
  target: { id: "e", url: "https://example.com", timeoutMs: 15_000, concurrency: 2 },
  concurrency: 2,
  timeoutMs: 15_000,
  ratePerSecond: undefined,
  isLimited: false,
  retrySchedule: [5, 300],
  ordering: "none",
  valve: {},
  format: "standard",
  enabled: true,
  deleted: false,
  keys: [],
  ...over,
});

/** A delivery out of the log, whose event has this one alone. */
export const anOutgoing = (eventId: string, endpoint: Subscription, acceptedAtMs: number): Outgoing => ({
  tenantId: "t",
  eventId,
  eventType: "a.b",
  partition: 0,
  replay: LIVE,
  body: Buffer.from("{}"),
  traceparent: undefined,
  acceptedAtMs,
  attemptsMade: 0,
  firstAttemptAtMs: undefined,
  orderKey: undefined,
  isClaimed: false,
  endpoint,
  event: { unrecorded: 1 } as HeldEvent,
});

export interface HeldAnswer {
  /** What the request comes to. */
  result: Promise<AttemptResult>;
  /** Resolves when the lanes have taken it in. */
  answer(outcome: AttemptOutcome): Promise<void>;
}

/** A request that is answered when the test says so. */
export function heldAnswer(): HeldAnswer {
  const { promise: result, resolve } = Promise.withResolvers<AttemptResult>();
  const answer = async (outcome: AttemptOutcome) => {
    resolve({ outcome, durationMs: 1 });
    await result;
    await Promise.resolve();
  };
  return { result, answer };
}
