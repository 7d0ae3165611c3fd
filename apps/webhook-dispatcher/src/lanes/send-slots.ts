import { FairTurns, mayTakeSlot, type SendKind } from "@postback/domain";
import type { Outgoing } from "./held.ts";
import { kindOf, type Lane } from "./lane.ts";

/** The sends that this dispatcher may have out, whatever the endpoints allow; lanes that wait for one get it in turn. */
export class SendSlots {
  readonly #max: number;
  readonly #ofKind: Record<SendKind, number> = { live: 0, scheduled: 0 };
  readonly #ofTenant = new Map<string, number>();
  readonly #turns = new FairTurns<Lane>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Sends that are out, and slots that claims have reserved. */
  get inUse(): number {
    return this.#ofKind.live + this.#ofKind.scheduled;
  }

  mayTake(lane: Lane, kind: SendKind): boolean {
    const use = {
      inFlight: this.inUse,
      ofKind: this.#ofKind[kind],
      ofTenant: this.#ofTenant.get(lane.tenantId) ?? 0,
      ofLane: lane.used,
    };
    return mayTakeSlot(use, this.#max, kind);
  }

  take(lane: Lane, outgoing: Outgoing): void {
    this.#add(lane.tenantId, kindOf(outgoing), 1);
  }

  give(lane: Lane, outgoing: Outgoing): void {
    this.#add(lane.tenantId, kindOf(outgoing), -1);
  }

  /** Takes as many for a claim as there are, at most `wanted`; {@link release} gives them back. */
  reserve(lane: Lane, wanted: number): number {
    let got = 0;
    while (got < wanted && this.mayTake(lane, "scheduled")) {
      got += 1;
      lane.reserved += 1;
      this.#add(lane.tenantId, "scheduled", 1);
    }
    return got;
  }

  release(lane: Lane, count: number): void {
    lane.reserved -= count;
    this.#add(lane.tenantId, "scheduled", -count);
  }

  /** It has something to send and no slot. */
  wait(lane: Lane): void {
    this.#turns.add(lane);
  }

  /** Whose turn it is; it waits no more. */
  next(): Lane | undefined {
    return this.#turns.next();
  }

  get hasWaiting(): boolean {
    return this.#turns.size > 0;
  }

  #add(tenantId: string, kind: SendKind, count: number): void {
    this.#ofKind[kind] += count;
    const ofTenant = (this.#ofTenant.get(tenantId) ?? 0) + count;
    if (ofTenant > 0) this.#ofTenant.set(tenantId, ofTenant);
    else this.#ofTenant.delete(tenantId);
  }
}
