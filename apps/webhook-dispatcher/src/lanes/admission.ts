import type { LaneAllowance } from "@postback/database";
import { DEFAULT_BREAKER_POLICY, type StartDecision } from "@postback/domain";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import { kindOf, type Lane } from "./lane.ts";
import { SendSlots } from "./send-slots.ts";
import { leaseMarginMs } from "./spill.ts";

export interface AdmissionOptions {
  /** Whether anything may start there now, beyond the share: see `Fleet.mayStart`. */
  mayStart(endpoint: Subscription): boolean;
  /** A lane that has more in Postgres has a free slot again. */
  onSlotFree(): void;
  /** Sends of all lanes together that may be out at once. */
  inFlightMax: number;
}

/** How long until a lane is looked at again of which nothing could be taken; longer, the longer its attempts are out. */
const lookAgainMs = 200;
const lookAgainMaxMs = 2_000;
/** The same while a probe is out: its end decides, and that comes long before the time at which it counts as lost. */
const probeLookAgainMs = 1_000;
const claimMax = 256;

/** Who may start: by the lane itself, by those who share it, and by the slots that all lanes share. */
export class Admission {
  readonly slots: SendSlots;
  readonly #options: AdmissionOptions;
  /** Lanes of which the last claim left something in Postgres. */
  readonly #withBacklog = new Set<string>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.slots = new SendSlots(options.inFlightMax);
  }

  /** Whether this one may start now; without a slot of all lanes, its lane waits for its turn. */
  decide(lane: Lane, outgoing: Outgoing, now: number): StartDecision {
    if (!outgoing.isClaimed && this.#isTurnOfSchedule(lane, now)) {
      const untilMs = lane.oweSlot(now);
      this.#options.onSlotFree();
      if (!lane.decide(now).start) return { start: false, why: "concurrency", untilMs };
    }
    const decision = lane.decide(now);
    if (!decision.start) return decision;
    // A probe goes by the lane's row, so that only one is out of all dispatchers.
    const isRowNeeded = decision.probe && !outgoing.isClaimed && !lane.beginsAnew(now);
    if (isRowNeeded) return { start: false, why: "breaker", untilMs: now };
    if (!this.#options.mayStart(lane.endpoint)) return { start: false, why: "concurrency" };
    if (this.slots.mayTake(lane, kindOf(outgoing))) return decision;
    this.slots.wait(lane);
    return { start: false, why: "concurrency" };
  }

  /** What a claim may take of a lane now; the slots are kept free for it until {@link settle}. */
  allow(lane: Lane, now: number): LaneAllowance {
    const { endpoint } = lane;
    const leaseMs = endpoint.timeoutMs + leaseMarginMs;
    if (lane.concurrency === 0) return { max: 0, leaseMs, againInMs: lookAgainMs, leave: true };
    const decision = lane.decide(now);
    const max = this.#reserve(lane, now);
    if (max === 0) this.#withBacklog.add(endpoint.endpointId);
    const heldMs = decision.start ? 0 : heldForMs(lane, decision.untilMs, now);
    const againInMs = Math.max(lookAgainMs, heldMs, Math.min(lookAgainMaxMs, lane.oldestMs(now)));
    const isProbe = decision.start && decision.probe;
    return { max, leaseMs, againInMs, ...(isProbe ? { probeMs: DEFAULT_BREAKER_POLICY.probeLostAfterMs } : {}) };
  }

  /** Gives back what was reserved for a claim. */
  settle(lane: Lane, reserved: number, claimed: number): void {
    this.slots.release(lane, reserved);
    const { endpointId } = lane.endpoint;
    if (claimed > 0 && claimed === reserved) this.#withBacklog.add(endpointId);
    else if (reserved > 0) this.#withBacklog.delete(endpointId);
  }

  /** Nothing of the lane waits here: its slots are for what it has in Postgres. */
  leaveToSchedule(lane: Lane): void {
    if (this.#withBacklog.delete(lane.endpoint.endpointId)) this.#options.onSlotFree();
  }

  /** So that retries come to their part of a lane that live ones keep busy. */
  #isTurnOfSchedule(lane: Lane, now: number): boolean {
    return lane.isTurnOfSchedule && !lane.isOwing(now) && this.#withBacklog.has(lane.endpoint.endpointId);
  }

  #reserve(lane: Lane, now: number): number {
    if (!this.#options.mayStart(lane.endpoint)) return 0;
    const wanted = lane.waiting.length === 0 ? claimMax : Number(lane.isOwing(now));
    const max = this.slots.reserve(lane, lane.freeSlots(DEFAULT_BREAKER_POLICY, now, wanted));
    if (max > 0) lane.paid();
    return max;
  }
}

/** How long nothing of the lane can be sent. */
export function heldForMs(lane: Lane, untilMs: number | undefined, now: number): number {
  const heldMs = Math.max(0, (untilMs ?? now) - now);
  return lane.breakerState === "half-open" ? Math.min(heldMs, probeLookAgainMs) : heldMs;
}
