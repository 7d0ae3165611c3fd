import type { LaneAllowance, LanePause } from "@postback/database";
import {
  afterAttempt,
  DEFAULT_BREAKER_POLICY,
  DELIVERY_MAX_AGE_SECONDS,
  type Delivered,
  type Exhausted,
  type Expired,
  type Waiting as WaitingState,
} from "@postback/domain";
import type { Entry } from "../record/pending-outcomes.ts";
import type { AttemptResult as Sent } from "../send/post-webhook.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import { type InFlight, Lane, type LaneShare, laneWaitingMax } from "./lane.ts";
import { toEnded, toPending, toSending } from "./to-record.ts";

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
  /** Who holds the leases of what is spilled while being sent. */
  owner: string;
  /** Deliveries that wait in the memory of all lanes together, at most. */
  waitingMax: number;
  clock(): number;
  dice(): number;
}

export type { LaneShare } from "./lane.ts";

export type AfterAttempt = WaitingState | Delivered | Exhausted | Expired;

/** What isn't answered, or hasn't got a slot, after this long gets its row, so that Kafka never waits for a partner. */
export const spillAfterMs = 1_000;
/** How much longer than its deadline an attempt may keep its lease. */
const leaseMarginMs = 5_000;
/** How long until a lane is looked at again of which nothing could be taken. */
const lookAgainMs = 200;
/** The same while a probe is out: its end decides, and that comes long before the time at which it counts as lost. */
const probeLookAgainMs = 1_000;
/** A 410 holds its lane here until the disabling of the endpoint has come round; a moment, unless Postgres is away. */
const goneHoldMs = 5_000;
/** When a failed delivery is due whose endpoint is told no more: not by the schedule, as it is only to be discarded. */
const discardDueMs = 1_000;
const claimMax = 256;

/** All lanes that have something in memory. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes of which the last claim left something in Postgres. */
  readonly #withBacklog = new Set<string>();
  #waiting = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
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

  /** A live delivery: sent at once where there is a slot, else it waits here for a moment, else in Postgres. */
  offer(outgoing: Outgoing): void {
    const lane = this.#laneOf(outgoing.endpoint);
    const now = this.#options.clock();
    const decision = lane.waiting.length === 0 ? lane.decide(now) : ({ start: false, why: "concurrency" } as const);
    if (decision.start) return this.#start(lane, outgoing, decision.probe, now);
    const isHeldBack = decision.why === "paused" || decision.why === "breaker";
    if (isHeldBack) return this.#spill(outgoing, heldForMs(lane, decision.untilMs, now));
    if (lane.waiting.length >= laneWaitingMax || this.#waiting >= this.#options.waitingMax) {
      return this.#spill(outgoing, 0);
    }
    lane.waiting.push({ outgoing, sinceMs: now });
    this.#waiting += 1;
    this.#wakeLater(lane, decision.untilMs);
  }

  /** What a claim may take of a lane now; the slots are kept free for it until {@link settleClaim}. */
  reserve(endpoint: Subscription): LaneAllowance {
    const leaseMs = endpoint.timeoutMs + leaseMarginMs;
    const lane = this.#laneOf(endpoint);
    const now = this.#options.clock();
    const decision = lane.decide(now);
    const max = lane.waiting.length > 0 ? 0 : lane.freeSlots(DEFAULT_BREAKER_POLICY, now, claimMax);
    lane.reserved += max;
    if (max === 0) this.#withBacklog.add(endpoint.endpointId);
    const heldMs = decision.start ? 0 : heldForMs(lane, decision.untilMs, now);
    return { max, leaseMs, againInMs: Math.max(lookAgainMs, heldMs) };
  }

  /** Sends what a claim has taken, and gives back what was reserved beyond it. */
  settleClaim(endpoint: Subscription, reserved: number, claimed: readonly Outgoing[]): void {
    const lane = this.#laneOf(endpoint);
    lane.reserved -= reserved;
    if (claimed.length > 0 && claimed.length === reserved) this.#withBacklog.add(endpoint.endpointId);
    else this.#withBacklog.delete(endpoint.endpointId);
    for (const outgoing of claimed) this.offer(outgoing);
  }

  pause(endpoint: Subscription, remainingMs: number): void {
    this.#laneOf(endpoint).pauseUntil(this.#options.clock() + remainingMs);
  }

  /**
   * An endpoint that is told again after it was disabled: one delivery goes first, and the others wait for its success. The
   * pauses that its receiver asked for are in Postgres, and taken over from there right after.
   */
  probeFirst(endpoint: Subscription): void {
    this.#laneOf(endpoint).probeFirst(this.#options.clock());
  }

  /**
   * Takes over what changed: an endpoint's limits, or the number of dispatchers that share them. What waits for one that
   * isn't told any more goes to Postgres, where it is discarded.
   */
  adapt(current: (endpointId: string) => Subscription | undefined): void {
    const now = this.#options.clock();
    for (const lane of this.#lanes.values()) {
      const endpoint = current(lane.endpoint.endpointId) ?? lane.endpoint;
      lane.adapt(endpoint, this.#options.shareOf(endpoint), now);
      while (!endpoint.enabled && lane.waiting.length > 0) this.#spillFirst(lane, 0);
    }
  }

  /** Spills what has been here too long, and forgets lanes with nothing to remember. */
  sweep(): void {
    const now = this.#options.clock();
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
    for (const flight of lane.inFlight) {
      if (flight.spilled || flight.sinceMs > beforeMs) continue;
      flight.spilled = true;
      const leaseMs = Math.max(0, flight.sinceMs + lane.endpoint.timeoutMs - now) + leaseMarginMs;
      const delivery = toSending(flight.outgoing, this.#options.owner, leaseMs);
      this.#options.record({ delivery, event: takeEvent(flight.outgoing) });
    }
  }

  #spillFirst(lane: Lane, dueInMs: number): void {
    const first = lane.waiting.shift();
    if (!first) return;
    this.#waiting -= 1;
    this.#spill(first.outgoing, dueInMs);
  }

  #spill(outgoing: Outgoing, dueInMs: number): void {
    this.#options.record({
      delivery: toPending(outgoing, this.#options.owner, Math.max(0, dueInMs)),
      event: takeEvent(outgoing),
    });
  }

  #start(lane: Lane, outgoing: Outgoing, probe: boolean, now: number): void {
    // What waited is sent to where the endpoint is now.
    outgoing.endpoint = lane.endpoint;
    const flight = lane.start(outgoing, probe, DEFAULT_BREAKER_POLICY, now);
    void this.#options.send(outgoing).then((sent) => this.#ended(lane, flight, sent));
  }

  #ended(lane: Lane, flight: InFlight, sent: Sent): void {
    const { outgoing, probe, sinceMs } = flight;
    const now = this.#options.clock();
    lane.end(flight, { outcome: sent.outcome, probe }, DEFAULT_BREAKER_POLICY, now, this.#options.dice());
    const next = afterAttempt(
      { attempt: outgoing.attemptsMade + 1, acceptedAt: new Date(outgoing.acceptedAtMs) },
      sent.outcome,
      { schedule: lane.endpoint.retrySchedule, maxAgeSeconds: DELIVERY_MAX_AGE_SECONDS },
      new Date(now),
      this.#options.dice(),
    );
    const pause = this.#heed(lane, next, now);
    const dueMaxMs = isOver(lane, next) ? discardDueMs : Number.POSITIVE_INFINITY;
    const delivery = toEnded(outgoing, sent, next, sinceMs, now, dueMaxMs);
    this.#options.record({ delivery, event: takeEvent(outgoing), pause });
    this.#options.onAttempt(outgoing, sent, next);
    this.#pump(lane, now);
  }

  /** What the answer means for the lane as a whole. */
  #heed(lane: Lane, next: AfterAttempt, now: number): LanePause | undefined {
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

  #pump(lane: Lane, now: number): void {
    for (let first = lane.waiting[0]; first; first = lane.waiting[0]) {
      const decision = lane.decide(now);
      if (decision.start) {
        lane.waiting.shift();
        this.#waiting -= 1;
        this.#start(lane, first.outgoing, decision.probe, now);
      } else if (decision.why === "paused" || decision.why === "breaker") {
        this.#spillFirst(lane, heldForMs(lane, decision.untilMs, now));
      } else {
        return this.#wakeLater(lane, decision.untilMs);
      }
    }
    if (this.#withBacklog.delete(lane.endpoint.endpointId)) this.#options.onSlotFree();
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

/** The endpoint is told no more, or is about to be. */
const isOver = (lane: Lane, next: AfterAttempt): boolean =>
  !lane.endpoint.enabled || (next.state !== "delivered" && next.disableEndpoint === true);

/** How long nothing of the lane can be sent. */
function heldForMs(lane: Lane, untilMs: number | undefined, now: number): number {
  const heldMs = Math.max(0, (untilMs ?? now) - now);
  return lane.breakerState === "half-open" ? Math.min(heldMs, probeLookAgainMs) : heldMs;
}

/** The first record of a delivery counts for its event; after it the delivery has a row of its own. */
function takeEvent(outgoing: Outgoing): Outgoing["event"] {
  const { event } = outgoing;
  outgoing.event = undefined;
  return event;
}
