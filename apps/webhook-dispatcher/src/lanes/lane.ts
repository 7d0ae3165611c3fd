import type { SharedBreaker } from "@postback/database";
import {
  attemptEnded,
  attemptStarted,
  type Breaker,
  type BreakerPolicy,
  closedBreaker,
  emptyBucket,
  type Lane as LaneState,
  mayStart,
  newLane,
  probeDue,
  type SeenAttempt,
  type SendKind,
  withShare,
} from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing, Waiting } from "./held.ts";

/** Deliveries that wait in memory for a slot of one lane; more than that wait in Postgres. */
export const laneWaitingMax = 256;
/** After so many live sends in a row one slot is for what waits in Postgres: a quarter of the lane at least. */
const liveInRowMax = 3;
/** How long a slot is kept for the schedule. */
const owedMaxMs = 500;
/** How long a change of this lane's own breaker may be on its way to the row; until then the row says nothing. */
const breakerOnItsWayMs = 2_000;
/** How long a lane that begins anew with a probe has for it before it goes by the row again. */
const probeFirstMs = 10_000;

/** What this dispatcher may use of an endpoint's limits. */
export interface LaneShare {
  readonly concurrency: number;
  readonly ratePerSecond: number | undefined;
  /** Since when: tokens flow from then on. Default: a full bucket. */
  readonly sinceMs?: number;
}

/** A delivery that is being sent. */
export interface InFlight {
  readonly outgoing: Outgoing;
  readonly sinceMs: number;
  readonly probe: boolean;
  /** It has a row with a lease. */
  spilled: boolean;
}

export const kindOf = ({ isClaimed }: Outgoing): SendKind => (isClaimed ? "scheduled" : "live");

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
  #liveInRow = 0;
  #owedUntilMs = 0;
  #breakerKnownAtMs = 0;
  #beginsAnewUntilMs = 0;

  constructor(endpoint: Subscription, share: LaneShare, nowMs: number) {
    this.endpoint = endpoint;
    const fresh = newLane(share.concurrency, share.ratePerSecond, nowMs);
    const { rate } = fresh;
    const isNewShare = rate !== undefined && share.sinceMs !== undefined;
    this.#state = isNewShare ? { ...fresh, rate: { ...rate, bucket: emptyBucket(share.sinceMs) } } : fresh;
  }

  get tenantId(): string {
    return this.endpoint.tenantId;
  }

  /** Slots of this dispatcher's share. */
  get concurrency(): number {
    return this.#state.concurrency;
  }

  /** Takes over changed limits; what is out goes on under the old ones. */
  adapt(endpoint: Subscription, { concurrency, ratePerSecond }: LaneShare, nowMs: number): void {
    this.#state = withShare(this.#state, concurrency, ratePerSecond, nowMs);
    this.endpoint = endpoint;
  }

  pauseUntil(untilMs: number): void {
    this.#state = { ...this.#state, pausedUntilMs: Math.max(this.#state.pausedUntilMs ?? 0, untilMs) };
  }

  /** Its breaker stands as after an opening whose probe is due, whatever the row still says; a pause of before is over. */
  probeFirst(nowMs: number): void {
    this.#state = { ...this.#state, breaker: probeDue(nowMs), pausedUntilMs: 0 };
    this.#breakerKnownAtMs = nowMs + probeFirstMs;
    this.#beginsAnewUntilMs = this.#breakerKnownAtMs;
  }

  /** Its first delivery goes as the probe, also a live one: the row says nothing of it. */
  beginsAnew(nowMs: number): boolean {
    return nowMs < this.#beginsAnewUntilMs;
  }

  /** Takes over how the breaker stands for all, unless what this lane has just seen is newer. */
  takeBreaker(shared: SharedBreaker | undefined, nowMs: number): void {
    const isProbing = [...this.inFlight].some(({ probe }) => probe);
    if (isProbing || nowMs < this.#breakerKnownAtMs) return;
    const { breaker } = this.#state;
    if (shared === undefined && breaker.state === "closed") return;
    this.#state = { ...this.#state, breaker: shared === undefined ? closedBreaker(1) : toBreaker(shared, nowMs) };
  }

  /** Whether one more may start now; slots that a claim has reserved, or that are kept for one, don't count as free. */
  decide(nowMs: number): ReturnType<typeof mayStart> {
    const kept = this.isOwing(nowMs) ? 1 : 0;
    return mayStart({ ...this.#state, inFlight: this.#state.inFlight + this.reserved + kept }, nowMs);
  }

  /** How many more could start now, of what is claimed. */
  freeSlots(policy: BreakerPolicy, nowMs: number, max: number): number {
    let trial: LaneState = { ...this.#state, inFlight: this.#state.inFlight + this.reserved };
    let free = 0;
    while (free < max && mayStart(trial, nowMs).start) {
      trial = attemptStarted(trial, policy, nowMs);
      free += 1;
    }
    return free;
  }

  /** Enough live ones went: the next slot is for the schedule. */
  get isTurnOfSchedule(): boolean {
    return this.#liveInRow >= liveInRowMax;
  }

  /** Keeps the next slot for a claim, for a moment; when it comes to nothing, live ones go on. */
  oweSlot(nowMs: number): number {
    this.#owedUntilMs = nowMs + owedMaxMs;
    this.#liveInRow = 0;
    return this.#owedUntilMs;
  }

  isOwing(nowMs: number): boolean {
    return nowMs < this.#owedUntilMs;
  }

  paid(): void {
    this.#owedUntilMs = 0;
  }

  start(outgoing: Outgoing, probe: boolean, policy: BreakerPolicy, nowMs: number): InFlight {
    this.#state = attemptStarted(this.#state, policy, nowMs);
    this.#liveInRow = outgoing.isClaimed ? 0 : this.#liveInRow + 1;
    const flight = { outgoing, sinceMs: nowMs, probe, spilled: outgoing.event === undefined };
    this.inFlight.add(flight);
    return flight;
  }

  /** @returns the breaker where it has opened, opened again or closed: all must know */
  end(flight: InFlight, seen: SeenAttempt, policy: BreakerPolicy, nowMs: number, dice: number): Breaker | undefined {
    this.inFlight.delete(flight);
    if (flight.probe) this.#beginsAnewUntilMs = 0;
    const { breaker: before } = this.#state;
    this.#state = attemptEnded(this.#state, seen, policy, nowMs, dice);
    const { breaker } = this.#state;
    if (breaker === before || (breaker.state === "closed" && before.state === "closed")) return undefined;
    this.#breakerKnownAtMs = nowMs + breakerOnItsWayMs;
    return breaker;
  }

  get isIdle(): boolean {
    return this.inFlight.size === 0 && this.waiting.length === 0 && this.reserved === 0;
  }

  /** Slots in use, those that a claim has reserved included. */
  get used(): number {
    return this.inFlight.size + this.reserved;
  }

  /** How long the oldest of its attempts has been out. */
  oldestMs(nowMs: number): number {
    for (const { sinceMs } of this.inFlight) return nowMs - sinceMs;
    return 0;
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

function toBreaker({ state, openings, remainingMs }: SharedBreaker, nowMs: number): Breaker {
  const untilMs = nowMs + Math.max(0, remainingMs);
  return state === "open" ? { state, openings, probeAtMs: untilMs } : { state, openings, probeLostAtMs: untilMs };
}
