import { beatDispatcher, changeFleet, type Database, leaveDispatchers } from "@postback/database";
import {
  acknowledgedBy,
  fleetFenceMs,
  isSettled,
  newStanding,
  nextMembers,
  type Standing,
  shareOf,
  standingAfter,
} from "@postback/domain";
import type { Logger } from "@postback/runtime";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { LaneShare } from "./lane.ts";

export interface FleetOptions {
  db: Database;
  /** This dispatcher among those that live. */
  id: string;
  logger: Logger;
}

/** A gap between confirmed beats above this: what was silent meanwhile may only have been unheard. */
const steadyGapMaxMs = 2_000;
/** How long beats must have been steady before another's silence counts. */
const steadyForMs = 3_000;

/** This dispatcher's place among those that share lanes (ADR 0017). Times are monotonic, whatever the clocks do. */
export class Fleet {
  readonly #options: FleetOptions;
  #standing: Standing;
  #beatAtMs = Number.NEGATIVE_INFINITY;
  #steadySinceMs = 0;
  /** Wall clock: since when the shares are what they are. */
  #changedAtMs = Date.now();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#standing = newStanding(options.id);
  }

  /**
   * Says that this dispatcher lives and takes over how it stands.
   * @param over endpoints of which it has more out than its share
   * @returns whether shares may have changed
   */
  async beat(version: bigint, over: readonly string[]): Promise<boolean> {
    const { db, id } = this.#options;
    const before = this.#standing;
    const sentAtMs = performance.now();
    const view = await beatDispatcher(db, { id, version, generation: acknowledgedBy(before) ?? 0n, over });
    this.#noteBeat(sentAtMs);
    this.#standing = standingAfter(before, view, performance.now());
    const next = nextMembers(view, id, sentAtMs - this.#steadySinceMs >= steadyForMs);
    if (next) await changeFleet(db, { from: view.newest.number, ...next });
    const changed = before.settled !== this.#standing.settled || before.pending !== this.#standing.pending;
    if (changed) this.#report();
    return changed || !isSettled(before) || before.held.size > 0 || this.#standing.held.size > 0;
  }

  /** Nobody waits for this one any more. Only when nothing of it is out. */
  async leave(): Promise<void> {
    await leaveDispatchers(this.#options.db, this.#options.id);
  }

  /** Shares are about to change: beats should come quickly. */
  get isSettled(): boolean {
    return this.#standing.settled !== undefined && this.#standing.pending.length === 0;
  }

  shareOf(endpoint: Subscription): LaneShare {
    return { ...shareOf(this.#standing, endpoint, performance.now()), sinceMs: this.#changedAtMs };
  }

  /** Whether anything may start at the endpoint: not while another still has more out there than its share. */
  mayStart({ endpointId, isLimited }: Subscription): boolean {
    if (isLimited && performance.now() - this.#beatAtMs > fleetFenceMs) return false;
    return !this.#standing.held.has(endpointId);
  }

  #noteBeat(sentAtMs: number): void {
    if (sentAtMs - this.#beatAtMs > steadyGapMaxMs) this.#steadySinceMs = sentAtMs;
    this.#beatAtMs = sentAtMs;
  }

  #report(): void {
    const { settled, pending } = this.#standing;
    if (pending.length === 0) this.#changedAtMs = Date.now();
    const newest = pending.at(-1) ?? settled;
    const fields = { generation: newest?.number.toString(), count: newest?.members.length };
    this.#options.logger.info(fields, pending.length === 0 ? "fleet.settled" : "fleet.changing");
  }
}
