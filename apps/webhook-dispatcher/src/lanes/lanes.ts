import type { HeldLane, LaneAllowance, SharedBreaker } from "@postback/database";
import { DEFAULT_BREAKER_POLICY } from "@postback/domain";
import type { Entry } from "../record/pending-outcomes.ts";
import type { AttemptResult as Sent } from "../send/post-webhook.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import { Admission, type AdmissionOptions, heldForMs } from "./admission.ts";
import type { Outgoing } from "./held.ts";
import { type AfterAttempt, isGone, judgeAttempt, pauseOf } from "./judge-attempt.ts";
import { type InFlight, Lane, type LaneShare, laneWaitingMax } from "./lane.ts";
import { Spill, takeEvent, toLaneBreaker } from "./spill.ts";
import { toEnded } from "./to-record.ts";

export interface LanesOptions extends AdmissionOptions {
  /** One POST; never rejects. */
  send(outgoing: Outgoing): Promise<Sent>;
  record(entry: Entry): void;
  /** 410 Gone: the receiver wants no more. */
  onGone(endpoint: Subscription): void;
  onAttempt(outgoing: Outgoing, sent: Sent, next: AfterAttempt): void;
  /** What this dispatcher may use of the endpoint's limits. */
  shareOf(endpoint: Subscription): LaneShare;
  /** Who holds the leases of what is spilled while being sent. */
  owner: string;
  /** Deliveries that wait in the memory of all lanes together, at most. */
  waitingMax: number;
  clock(): number;
  dice(): number;
}

export type { AfterAttempt } from "./judge-attempt.ts";

/** What isn't answered, or hasn't got a slot, after this long gets its row, so that Kafka never waits for a partner. */
export const spillAfterMs = 1_000;
/** A 410 holds its lane here until the disabling of the endpoint has come round; a moment, unless Postgres is away. */
const goneHoldMs = 5_000;
/** When a failed delivery is due whose endpoint is told no more: not by the schedule, as it is only to be discarded. */
const discardDueMs = 1_000;
/** Lanes that are asked in turn when a slot is free, before it is left to the next look. */
const turnsMax = 8;

/** All lanes that have something in memory. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #admission: Admission;
  readonly #spill: Spill;
  #waiting = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#admission = new Admission(options);
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
    const lane = this.#laneOf(endpoint);
    const now = this.#options.clock();
    if (breaker !== undefined) lane.takeBreaker(breaker ?? undefined, now);
    return this.#admission.allow(lane, now);
  }

  /** Sends what a claim has taken, and gives back what was reserved beyond it. */
  settleClaim(endpoint: Subscription, reserved: number, claimed: readonly Outgoing[]): void {
    const lane = this.#laneOf(endpoint);
    const now = this.#options.clock();
    this.#admission.settle(lane, reserved, claimed.length);
    for (const outgoing of claimed) this.#startOrWait(lane, outgoing, now);
    if (reserved > claimed.length && lane.waiting.length > 0) this.#pump(lane, now);
  }

  /** Takes over what Postgres says of lanes that were held back or let go, whichever dispatcher met it. */
  heed(held: readonly HeldLane[], current: (endpointId: string) => Subscription | undefined): void {
    const now = this.#options.clock();
    for (const { endpointId, pauseMs, breaker } of held) {
      const endpoint = current(endpointId);
      if (!endpoint?.enabled) continue;
      const lane = this.#laneOf(endpoint);
      if (pauseMs > 0) lane.pauseUntil(now + pauseMs);
      lane.takeBreaker(breaker ?? undefined, now);
    }
  }

  /**
   * An endpoint that is told again after it was disabled: one delivery goes first, and the others wait for its success. The
   * pauses that its receiver asked for are in Postgres, and taken over from there right after.
   */
  probeFirst(endpoint: Subscription): void {
    this.#laneOf(endpoint).probeFirst(this.#options.clock());
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

  #startOrWait(lane: Lane, outgoing: Outgoing, now: number): void {
    const decision = this.#admission.decide(lane, outgoing, now);
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
    this.#admission.slots.take(lane, outgoing);
    // What waited is sent to where the endpoint is now.
    outgoing.endpoint = lane.endpoint;
    const flight = lane.start(outgoing, probe, DEFAULT_BREAKER_POLICY, now);
    void this.#options.send(outgoing).then((sent) => this.#ended(lane, flight, sent));
  }

  #ended(lane: Lane, flight: InFlight, sent: Sent): void {
    const { outgoing, probe, sinceMs } = flight;
    const { endpoint } = lane;
    const { clock, dice, record, onAttempt } = this.#options;
    const now = clock();
    this.#admission.slots.give(lane, outgoing);
    const changed = lane.end(flight, { outcome: sent.outcome, probe }, DEFAULT_BREAKER_POLICY, now, dice());
    const next = judgeAttempt(endpoint, flight, sent.outcome, new Date(now), dice());
    const pause = pauseOf(next, endpoint, now);
    if (pause) lane.pauseUntil(now + pause.pauseMs);
    if (isGone(next)) this.#hold(lane, now);
    const isOver = !endpoint.enabled || isGone(next);
    const delivery = toEnded(outgoing, sent, next, sinceMs, now, isOver ? discardDueMs : Number.POSITIVE_INFINITY);
    record({ delivery, event: takeEvent(outgoing), pause, breaker: toLaneBreaker(changed, endpoint, now) });
    onAttempt(outgoing, sent, next);
    this.#goOn(lane, now);
  }

  #hold(lane: Lane, now: number): void {
    lane.pauseUntil(now + goneHoldMs);
    this.#options.onGone(lane.endpoint);
  }

  /** A slot is free: for whoever's turn it is where slots of all lanes are short, else for the lane that had it. */
  #goOn(lane: Lane, now: number): void {
    const { slots } = this.#admission;
    if (!slots.hasWaiting) return void this.#pump(lane, now);
    if (lane.waiting.length > 0) slots.wait(lane);
    this.#grantTurns(now);
    if (lane.waiting.length === 0) this.#pump(lane, now);
  }

  #grantTurns(now: number): void {
    for (let turn = 0; turn < turnsMax; turn += 1) {
      const lane = this.#admission.slots.next();
      if (lane === undefined) return;
      const started = this.#pump(lane, now, 1);
      // One that got nothing waits again if it was for a slot of all lanes; else for one of its own.
      if (started > 0 && lane.waiting.length > 0) this.#admission.slots.wait(lane);
    }
  }

  /** Starts what waits here, as far as it may. @returns how many */
  #pump(lane: Lane, now: number, max = Number.POSITIVE_INFINITY): number {
    let started = 0;
    for (let first = lane.waiting[0]; first; first = lane.waiting[0]) {
      if (started >= max) return started;
      const decision = this.#admission.decide(lane, first.outgoing, now);
      if (decision.start) {
        lane.waiting.shift();
        this.#waiting -= 1;
        started += 1;
        this.#start(lane, first.outgoing, decision.probe, now);
      } else if (decision.why === "paused" || decision.why === "breaker") {
        this.#spillFirst(lane, heldForMs(lane, decision.untilMs, now));
      } else {
        this.#wakeLater(lane, decision.untilMs);
        return started;
      }
    }
    this.#admission.leaveToSchedule(lane);
    return started;
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
