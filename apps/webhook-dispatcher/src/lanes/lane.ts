import {
  attemptEnded,
  attemptStarted,
  type BreakerPolicy,
  type Lane as LaneState,
  mayStart,
  newLane,
  probeDue,
  type SeenAttempt,
} from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing, Waiting } from "./held.ts";

/** Deliveries that wait in memory for a slot of one lane; more than that wait in Postgres. */
export const laneWaitingMax = 256;

/** What this dispatcher may use of an endpoint's limits. */
export interface LaneShare {
  readonly concurrency: number;
  readonly ratePerSecond: number | undefined;
}

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

  constructor(endpoint: Subscription, share: LaneShare, nowMs: number) {
    this.endpoint = endpoint;
    this.#state = newLane(share.concurrency, share.ratePerSecond, nowMs);
  }

  /** Takes over changed limits; what is out goes on under the old ones, and tokens that are left stay. */
  adapt(endpoint: Subscription, { concurrency, ratePerSecond }: LaneShare, nowMs: number): void {
    const { rate: before, ...rest } = this.#state;
    const bucket = before?.bucket ?? newLane(concurrency, ratePerSecond, nowMs).rate?.bucket;
    const rate = ratePerSecond === undefined || !bucket ? undefined : { perSecond: ratePerSecond, bucket };
    this.#state = { ...rest, concurrency, ...(rate ? { rate } : {}) };
    this.endpoint = endpoint;
  }

  pauseUntil(untilMs: number): void {
    this.#state = { ...this.#state, pausedUntilMs: Math.max(this.#state.pausedUntilMs ?? 0, untilMs) };
  }

  /** Its breaker stands as after an opening whose probe is due; a pause of before is over. */
  probeFirst(nowMs: number): void {
    this.#state = { ...this.#state, breaker: probeDue(nowMs), pausedUntilMs: 0 };
  }

  /** Whether one more may start now; slots that a claim has reserved don't count as free. */
  decide(nowMs: number): ReturnType<typeof mayStart> {
    return mayStart({ ...this.#state, inFlight: this.#state.inFlight + this.reserved }, nowMs);
  }

  /** How many more could start now. */
  freeSlots(policy: BreakerPolicy, nowMs: number, max: number): number {
    let trial: LaneState = { ...this.#state, inFlight: this.#state.inFlight + this.reserved };
    let free = 0;
    while (free < max && mayStart(trial, nowMs).start) {
      trial = attemptStarted(trial, policy, nowMs);
      free += 1;
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
