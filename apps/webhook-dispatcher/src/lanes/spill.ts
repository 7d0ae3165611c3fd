import type { LaneBreaker } from "@postback/database";
import type { Breaker } from "@postback/domain";
import type { Entry } from "../record/pending-outcomes.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import type { InFlight, Lane } from "./lane.ts";
import { toPending, toSending } from "./to-record.ts";

export interface SpillOptions {
  record(entry: Entry): void;
  /** Who holds the leases of what is spilled while being sent. */
  owner: string;
}

/** How much longer than its deadline an attempt may keep its lease. */
export const leaseMarginMs = 5_000;

/** Gives deliveries their rows: what can't be sent now, and what isn't answered quickly. */
export class Spill {
  readonly #options: SpillOptions;

  constructor(options: SpillOptions) {
    this.#options = options;
  }

  /** Waits in Postgres from now on. */
  waiting(outgoing: Outgoing, dueInMs: number): void {
    const delivery = toPending(outgoing, this.#options.owner, Math.max(0, dueInMs));
    this.#options.record({ delivery, event: takeEvent(outgoing) });
  }

  /** Is out since before `beforeMs`, and has no row yet. */
  overdue(lane: Lane, beforeMs: number, now: number): void {
    for (const flight of lane.inFlight) {
      if (!flight.spilled && flight.sinceMs <= beforeMs) this.#sending(lane, flight, now);
    }
  }

  #sending(lane: Lane, flight: InFlight, now: number): void {
    flight.spilled = true;
    const leaseMs = Math.max(0, flight.sinceMs + lane.endpoint.timeoutMs - now) + leaseMarginMs;
    const delivery = toSending(flight.outgoing, this.#options.owner, leaseMs);
    this.#options.record({ delivery, event: takeEvent(flight.outgoing) });
  }
}

/** The first record of a delivery counts for its event; after it the delivery has a row of its own. */
export function takeEvent(outgoing: Outgoing): Outgoing["event"] {
  const { event } = outgoing;
  outgoing.event = undefined;
  return event;
}

/** A breaker that has opened or closed, for the lane's row. */
export function toLaneBreaker(
  breaker: Breaker | undefined,
  { tenantId, endpointId }: Subscription,
  now: number,
): LaneBreaker | undefined {
  if (breaker === undefined || breaker.state === "half-open") return undefined;
  if (breaker.state === "closed") return { tenantId, endpointId, state: "closed", openings: 0, untilMs: 0 };
  return { tenantId, endpointId, state: "open", openings: breaker.openings, untilMs: breaker.probeAtMs - now };
}
