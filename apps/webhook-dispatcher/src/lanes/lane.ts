import {
  attemptEnded,
  attemptStarted,
  type BreakerPolicy,
  type Lane as LaneState,
  mayStart,
  newLane,
  type SeenAttempt,
} from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing, Waiting } from "./held.ts";

/** Deliveries that wait in memory for a slot of one lane; more than that wait in Postgres. */
export const laneWaitingMax = 256;

/** A delivery that is being sent. */
export interface InFlight {
  readonly outgoing: Outgoing;
  readonly sinceMs: number;
  readonly probe: boolean;
  /** It has a row with a lease. */
  spilled: boolean;
}

/**
 * One endpoint's queue in this dispatcher: its state is data of the domain, and this keeps what waits and what is out.
 * It decides nothing about time or chance; both are given.
 */
export class Lane {
  endpoint: Subscription;
  readonly inFlight = new Set<InFlight>();
  readonly waiting: Waiting[] = [];
  /** Slots kept free for deliveries that a claim is fetching. */
  reserved = 0;
  /** A timer will look at it again: a rate or a pause holds it. */
  wakesAtMs: number | undefined;
  #state: LaneState;

  constructor(endpoint: Subscription, share: number, nowMs: number) {
    this.endpoint = endpoint;
    this.#state = newLane(share, endpoint.ratePerSecond, nowMs);
  }

  /** Takes over changed limits; what is out goes on under the old ones. */
  adapt(endpoint: Subscription, share: number, nowMs: number): void {
    const fresh = newLane(share, endpoint.ratePerSecond, nowMs);
    const sameRate = endpoint.ratePerSecond === this.endpoint.ratePerSecond;
    const { rate: _, ...rest } = this.#state;
    const rate = sameRate ? this.#state.rate : fresh.rate;
    this.#state = { ...rest, concurrency: share, ...(rate ? { rate } : {}) };
    this.endpoint = endpoint;
  }

  pauseUntil(untilMs: number): void {
    this.#state = { ...this.#state, pausedUntilMs: Math.max(this.#state.pausedUntilMs ?? 0, untilMs) };
  }

  /** Whether one more may start; slots that a claim has reserved don't count as free unless it is the claim's own. */
  decide(nowMs: number, { reservedToo = false } = {}): ReturnType<typeof mayStart> {
    const taken = this.#state.inFlight + (reservedToo ? 0 : this.reserved);
    return mayStart({ ...this.#state, inFlight: taken }, nowMs);
  }

  /** How many more could start now. */
  freeSlots(nowMs: number, max: number): number {
    let trial = { ...this.#state, inFlight: this.#state.inFlight + this.reserved };
    let free = 0;
    while (free < max && mayStart(trial, nowMs).start) {
      trial = { ...trial, inFlight: trial.inFlight + 1 };
      free += 1;
      if (trial.breaker.state !== "closed") break;
    }
    return free;
  }

  start(outgoing: Outgoing, probe: boolean, policy: BreakerPolicy, nowMs: number): InFlight {
    this.#state = attemptStarted(this.#state, policy, nowMs);
    const flight = { outgoing, sinceMs: nowMs, probe, spilled: outgoing.event === undefined };
    this.inFlight.add(flight);
    return flight;
  }

  end(flight: InFlight, seen: SeenAttempt, policy: BreakerPolicy, nowMs: number, dice: number): void {
    this.inFlight.delete(flight);
    this.#state = attemptEnded(this.#state, seen, policy, nowMs, dice);
  }

  get isIdle(): boolean {
    return this.inFlight.size === 0 && this.waiting.length === 0 && this.reserved === 0;
  }

  /** How the breaker stands, for metrics. */
  get breakerState(): LaneState["breaker"]["state"] {
    return this.#state.breaker.state;
  }

  /** A lane that has nothing to remember: it can be forgotten and made anew. */
  isForgettable(nowMs: number): boolean {
    const { breaker, pausedUntilMs = 0, concurrency, rate } = this.#state;
    const untouched = breaker.state === "closed" && breaker.failuresInRow === 0 && breaker.allowed >= concurrency;
    return this.isIdle && untouched && pausedUntilMs <= nowMs && rate === undefined;
  }
}
