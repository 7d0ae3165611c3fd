import type { HeldLane, LaneAllowance, LanePause, SharedBreaker } from "@postback/database";
import {
  afterAttempt,
  afterValve,
  DEFAULT_BREAKER_POLICY,
  DELIVERY_MAX_AGE_SECONDS,
  type Delivered,
  type Exhausted,
  type Expired,
  type Skipped,
  type StartDecision,
  type Waiting as WaitingState,
} from "@postback/domain";
import type { Entry } from "../record/pending-outcomes.ts";
import type { AttemptResult as Sent } from "../send/post-webhook.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import { type InFlight, kindOf, Lane, type LaneShare, laneWaitingMax } from "./lane.ts";
import { SendSlots } from "./send-slots.ts";
import { leaseMarginMs, Spill, takeEvent, toLaneBreaker } from "./spill.ts";
import { toEnded } from "./to-record.ts";

export interface LanesOptions {
  /** One POST; never rejects. */
  send(outgoing: Outgoing): Promise<Sent>;
  record(entry: Entry): void;
  /** A lane that has more in Postgres has a free slot again. */
  onSlotFree(): void;
  /** 410 Gone: the receiver wants no more. */
  onGone(endpoint: Subscription): void;
  onAttempt(outgoing: Outgoing, sent: Sent, next: AfterAttempt): void;
  /** What this dispatcher may use of the endpoint's limits. */
  shareOf(endpoint: Subscription): LaneShare;
  /** Whether anything may start there now, beyond the share: see `Fleet.mayStart`. */
  mayStart(endpoint: Subscription): boolean;
  /** Who holds the leases of what is spilled while being sent. */
  owner: string;
  /** Deliveries that wait in the memory of all lanes together, at most. */
  waitingMax: number;
  /** Sends of all lanes together that may be out at once. */
  inFlightMax: number;
  clock(): number;
  dice(): number;
}

export type { LaneShare } from "./lane.ts";

export type AfterAttempt = WaitingState | Delivered | Exhausted | Expired | Skipped;

/** What isn't answered, or hasn't got a slot, after this long gets its row, so that Kafka never waits for a partner. */
export const spillAfterMs = 1_000;
/** How long until a lane is looked at again of which nothing could be taken; longer, the longer its attempts are out. */
const lookAgainMs = 200;
const lookAgainMaxMs = 2_000;
/** The same while a probe is out: its end decides, and that comes long before the time at which it counts as lost. */
const probeLookAgainMs = 1_000;
/** A 410 holds its lane here until the disabling of the endpoint has come round; a moment, unless Postgres is away. */
const goneHoldMs = 5_000;
/** When a failed delivery is due whose endpoint is told no more: not by the schedule, as it is only to be discarded. */
const discardDueMs = 1_000;
const claimMax = 256;
/** Lanes that are asked in turn when a slot is free, before it is left to the next look. */
const turnsMax = 8;

/** All lanes that have something in memory. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #slots: SendSlots;
  readonly #spill: Spill;
  /** Lanes of which the last claim left something in Postgres. */
  readonly #withBacklog = new Set<string>();
  #waiting = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#slots = new SendSlots(options.inFlightMax);
    this.#spill = new Spill(options);
  }

  get waiting(): number {
    return this.#waiting;
  }

  get inFlight(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.inFlight.size;
    return count;
  }

  /** Lanes by the state of their breaker. */
  countByBreaker(): Record<Lane["breakerState"], number> {
    const counts = { closed: 0, open: 0, "half-open": 0 };
    for (const lane of this.#lanes.values()) counts[lane.breakerState] += 1;
    return counts;
  }

  /** Endpoints of which more is out than this dispatcher's share. */
  over(): string[] {
    return [...this.#lanes.values()].filter((lane) => lane.used > lane.concurrency).map(idOf);
  }

  /** A live delivery: sent at once where there is a slot, else it waits here for a moment, else in Postgres. */
  offer(outgoing: Outgoing): void {
    const lane = this.#laneOf(outgoing.endpoint);
    const now = this.#options.clock();
    if (lane.waiting.length > 0) return this.#wait(lane, outgoing, undefined, now);
    this.#startOrWait(lane, outgoing, now);
  }

  /**
   * What a claim may take of a lane now; the slots are kept free for it until {@link settleClaim}.
   * @param breaker as all see it; null: closed
   */
  reserve(endpoint: Subscription, breaker?: SharedBreaker | null): LaneAllowance {
    const leaseMs = endpoint.timeoutMs + leaseMarginMs;
    const lane = this.#laneOf(endpoint);
    const now = this.#options.clock();
    if (breaker !== undefined) lane.takeBreaker(breaker ?? undefined, now);
    if (lane.concurrency === 0) return { max: 0, leaseMs, againInMs: lookAgainMs, leave: true };
    const decision = lane.decide(now);
    const max = this.#reserveSlots(lane, now);
    if (max === 0) this.#withBacklog.add(endpoint.endpointId);
    const heldMs = decision.start ? 0 : heldForMs(lane, decision.untilMs, now);
    const againInMs = Math.max(lookAgainMs, heldMs, Math.min(lookAgainMaxMs, lane.oldestMs(now)));
    const isProbe = decision.start && decision.probe;
    return { max, leaseMs, againInMs, ...(isProbe ? { probeMs: DEFAULT_BREAKER_POLICY.probeLostAfterMs } : {}) };
  }

  /** Sends what a claim has taken, and gives back what was reserved beyond it. */
  settleClaim(endpoint: Subscription, reserved: number, claimed: readonly Outgoing[]): void {
    const lane = this.#laneOf(endpoint);
    const now = this.#options.clock();
    this.#slots.release(lane, reserved);
    if (claimed.length > 0 && claimed.length === reserved) this.#withBacklog.add(endpoint.endpointId);
    else if (reserved > 0) this.#withBacklog.delete(endpoint.endpointId);
    for (const outgoing of claimed) this.#startOrWait(lane, outgoing, now);
    if (reserved > claimed.length && lane.waiting.length > 0) this.#pump(lane, now);
  }

  /** Takes over what Postgres says of all lanes that are held back, whichever dispatcher met it. */
  heed(held: readonly HeldLane[], current: (endpointId: string) => Subscription | undefined): void {
    const now = this.#options.clock();
    const isHeld = new Set(held.map(({ endpointId }) => endpointId));
    for (const { endpointId, pauseMs, breaker } of held) {
      const endpoint = current(endpointId);
      if (!endpoint?.enabled) continue;
      const lane = this.#laneOf(endpoint);
      if (pauseMs > 0) lane.pauseUntil(now + pauseMs);
      lane.takeBreaker(breaker ?? undefined, now);
    }
    for (const lane of this.#lanes.values()) {
      if (lane.breakerState === "closed" || isHeld.has(idOf(lane))) continue;
      lane.takeBreaker(undefined, now);
    }
  }

  /**
   * Takes over what changed: an endpoint's limits, or the dispatchers that share them. What waits for one that isn't
   * told any more goes to Postgres, where it is discarded.
   */
  adapt(current: (endpointId: string) => Subscription | undefined): void {
    const now = this.#options.clock();
    for (const lane of this.#lanes.values()) {
      const endpoint = current(lane.endpoint.endpointId) ?? lane.endpoint;
      lane.adapt(endpoint, this.#options.shareOf(endpoint), now);
      while (!endpoint.enabled && lane.waiting.length > 0) this.#spillFirst(lane, 0);
      if (lane.waiting.length > 0) this.#pump(lane, now);
    }
  }

  /** Spills what has been here too long, and forgets lanes with nothing to remember. */
  sweep(): void {
    const now = this.#options.clock();
    this.#grantTurns(now);
    for (const [endpointId, lane] of this.#lanes) {
      this.#spillOverdue(lane, now, now - spillAfterMs);
      if (lane.isForgettable(now)) this.#lanes.delete(endpointId);
    }
  }

  /** Gives everything its row now, as before a hand-over of partitions. What is out stays out. */
  spillAll(): void {
    const now = this.#options.clock();
    for (const lane of this.#lanes.values()) this.#spillOverdue(lane, now, Number.POSITIVE_INFINITY);
  }

  #spillOverdue(lane: Lane, now: number, beforeMs: number): void {
    while (lane.waiting[0] && lane.waiting[0].sinceMs <= beforeMs) this.#spillFirst(lane, 0);
    this.#spill.overdue(lane, beforeMs, now);
  }

  #spillFirst(lane: Lane, dueInMs: number): void {
    const first = lane.waiting.shift();
    if (!first) return;
    this.#waiting -= 1;
    this.#spill.waiting(first.outgoing, dueInMs);
  }

  #reserveSlots(lane: Lane, now: number): number {
    if (!this.#options.mayStart(lane.endpoint)) return 0;
    const wanted = lane.waiting.length === 0 ? claimMax : Number(lane.isOwing(now));
    const max = this.#slots.reserve(lane, lane.freeSlots(DEFAULT_BREAKER_POLICY, now, wanted));
    if (max > 0) lane.paid();
    return max;
  }

  /** Whether this one may start now: by its lane, by those who share the lane, and by the slots of all lanes. */
  #decide(lane: Lane, outgoing: Outgoing, now: number): StartDecision {
    if (!outgoing.isClaimed) this.#yieldToSchedule(lane, now);
    const decision = lane.decide(now);
    if (!decision.start) return decision;
    // A probe goes by the lane's row, so that only one is out of all dispatchers.
    if (decision.probe && !outgoing.isClaimed) return { start: false, why: "breaker", untilMs: now };
    if (!this.#options.mayStart(lane.endpoint)) return { start: false, why: "concurrency" };
    if (this.#slots.mayTake(lane, kindOf(outgoing))) return decision;
    this.#slots.wait(lane);
    return { start: false, why: "concurrency" };
  }

  /** So that retries come to their part of a lane that live ones keep busy. */
  #yieldToSchedule(lane: Lane, now: number): void {
    if (!lane.isTurnOfSchedule || lane.isOwing(now) || !this.#withBacklog.has(idOf(lane))) return;
    this.#wakeLater(lane, lane.oweSlot(now));
    this.#options.onSlotFree();
  }

  #startOrWait(lane: Lane, outgoing: Outgoing, now: number): void {
    const decision = this.#decide(lane, outgoing, now);
    if (decision.start) return this.#start(lane, outgoing, decision.probe, now);
    const isHeldBack = decision.why === "paused" || decision.why === "breaker";
    if (isHeldBack) return this.#spill.waiting(outgoing, heldForMs(lane, decision.untilMs, now));
    this.#wait(lane, outgoing, decision.untilMs, now);
  }

  /** Waits in memory, if there is room and this dispatcher has a part of the lane. */
  #wait(lane: Lane, outgoing: Outgoing, untilMs: number | undefined, now: number): void {
    const isFull = lane.waiting.length >= laneWaitingMax || this.#waiting >= this.#options.waitingMax;
    if (isFull || lane.concurrency === 0) return this.#spill.waiting(outgoing, 0);
    lane.waiting.push({ outgoing, sinceMs: now });
    this.#waiting += 1;
    this.#wakeLater(lane, untilMs);
  }

  #start(lane: Lane, outgoing: Outgoing, probe: boolean, now: number): void {
    this.#slots.take(lane, outgoing);
    const flight = lane.start(outgoing, probe, DEFAULT_BREAKER_POLICY, now);
    void this.#options.send(outgoing).then((sent) => this.#ended(lane, flight, sent));
  }

  #ended(lane: Lane, flight: InFlight, sent: Sent): void {
    const { outgoing, probe, sinceMs } = flight;
    const now = this.#options.clock();
    this.#slots.give(lane, outgoing);
    const changed = lane.end(
      flight,
      { outcome: sent.outcome, probe },
      DEFAULT_BREAKER_POLICY,
      now,
      this.#options.dice(),
    );
    const next = this.#judge(lane, flight, sent, new Date(now));
    const pause = this.#heedAnswer(lane, next, now);
    const dueMaxMs = isOver(lane, next) ? discardDueMs : Number.POSITIVE_INFINITY;
    const delivery = toEnded(outgoing, sent, next, sinceMs, now, dueMaxMs);
    const breaker = toLaneBreaker(changed, lane.endpoint, now);
    this.#options.record({ delivery, event: takeEvent(outgoing), pause, breaker });
    this.#options.onAttempt(outgoing, sent, next);
    this.#goOn(lane, now);
  }

  #judge(lane: Lane, { outgoing, sinceMs }: InFlight, { outcome }: Sent, now: Date): AfterAttempt {
    const { endpoint } = lane;
    const attempt = outgoing.attemptsMade + 1;
    const next = afterAttempt(
      { attempt, acceptedAt: new Date(outgoing.acceptedAtMs) },
      outcome,
      { schedule: endpoint.retrySchedule, maxAgeSeconds: DELIVERY_MAX_AGE_SECONDS },
      now,
      this.#options.dice(),
    );
    if (outgoing.orderKey === undefined) return next;
    const firstAttemptAt = new Date(outgoing.firstAttemptAtMs ?? sinceMs);
    return afterValve(next, endpoint.valve, { attempt, firstAttemptAt }, now);
  }

  /** What the answer means for the lane as a whole. */
  #heedAnswer(lane: Lane, next: AfterAttempt, now: number): LanePause | undefined {
    if (next.state === "delivered") return undefined;
    if (next.disableEndpoint) {
      lane.pauseUntil(now + goneHoldMs);
      this.#options.onGone(lane.endpoint);
    }
    if (!next.pauseLaneUntil) return undefined;
    lane.pauseUntil(next.pauseLaneUntil.getTime());
    const { tenantId, endpointId } = lane.endpoint;
    return { tenantId, endpointId, pauseMs: next.pauseLaneUntil.getTime() - now };
  }

  /** A slot is free: for whoever's turn it is where slots of all lanes are short, else for the lane that had it. */
  #goOn(lane: Lane, now: number): void {
    if (!this.#slots.hasWaiting) return this.#pump(lane, now);
    if (lane.waiting.length > 0) this.#slots.wait(lane);
    this.#grantTurns(now);
    if (lane.waiting.length === 0) this.#pump(lane, now);
  }

  #grantTurns(now: number): void {
    for (let turn = 0; turn < turnsMax; turn += 1) {
      const lane = this.#slots.next();
      if (lane === undefined) return;
      this.#pump(lane, now, 1);
      if (lane.waiting.length > 0) this.#slots.wait(lane);
    }
  }

  #pump(lane: Lane, now: number, max = Number.POSITIVE_INFINITY): void {
    let started = 0;
    for (let first = lane.waiting[0]; first; first = lane.waiting[0]) {
      if (started >= max) return;
      const decision = this.#decide(lane, first.outgoing, now);
      if (decision.start) {
        lane.waiting.shift();
        this.#waiting -= 1;
        started += 1;
        this.#start(lane, first.outgoing, decision.probe, now);
      } else if (decision.why === "paused" || decision.why === "breaker") {
        this.#spillFirst(lane, heldForMs(lane, decision.untilMs, now));
      } else {
        return this.#wakeLater(lane, decision.untilMs);
      }
    }
    if (this.#withBacklog.delete(idOf(lane))) this.#options.onSlotFree();
  }

  #wakeLater(lane: Lane, atMs: number | undefined): void {
    if (atMs === undefined || (lane.wakesAtMs !== undefined && lane.wakesAtMs <= atMs)) return;
    lane.wakesAtMs = atMs;
    setTimeout(() => {
      lane.wakesAtMs = undefined;
      this.#pump(lane, this.#options.clock());
    }, atMs - this.#options.clock()).unref();
  }

  #laneOf(endpoint: Subscription): Lane {
    const known = this.#lanes.get(endpoint.endpointId);
    if (known) return known;
    const lane = new Lane(endpoint, this.#options.shareOf(endpoint), this.#options.clock());
    this.#lanes.set(endpoint.endpointId, lane);
    return lane;
  }
}

const idOf = ({ endpoint }: Lane): string => endpoint.endpointId;

/** The endpoint is told no more, or is about to be. */
const isOver = (lane: Lane, next: AfterAttempt): boolean =>
  !lane.endpoint.enabled || (next.state !== "delivered" && next.disableEndpoint === true);

/** How long nothing of the lane can be sent. */
function heldForMs(lane: Lane, untilMs: number | undefined, now: number): number {
  const heldMs = Math.max(0, (untilMs ?? now) - now);
  return lane.breakerState === "half-open" ? Math.min(heldMs, probeLookAgainMs) : heldMs;
}
