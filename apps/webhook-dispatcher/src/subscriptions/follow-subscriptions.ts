import { setTimeout as sleep } from "node:timers/promises";
import { type Database, discardDeliveries, type Keyring, loadHeldLanes, loadSubscriptions } from "@postback/database";
import { type Logger, sleepUnlessAborted } from "@postback/runtime";
import type { Fleet } from "../lanes/fleet.ts";
import type { Lanes } from "../lanes/lanes.ts";
import { type Subscription, toSubscription } from "./subscription.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface FollowOptions {
  db: Database;
  keyring: Keyring;
  subscriptions: Subscriptions;
  lanes: Lanes;
  /** This dispatcher among those that live. */
  fleet: Fleet;
  /** This system, as receivers that were asked have agreed to it. */
  origin: string;
  logger: Logger;
}

/** How often this dispatcher says that it lives, and looks for changes that no notification told. */
const beatMs = 500;
/** The same while dispatchers come or go: all wait for each other's beats. */
const unsettledBeatMs = 50;
/** How long a start waits for the others to make room; what comes later is found by the beats. */
const settleMaxMs = 1_500;
const pageMax = 1_000;
const discardMax = 1_000;
/** How long to go on looking for what was just being written, as waiting, when its endpoint stopped being told. */
const discardForMs = 2_000;

interface Discarding {
  readonly endpoint: Subscription;
  readonly untilMs: number;
}

/** Keeps the subscriptions in memory current, and says in Postgres which version this dispatcher matches with. */
export class SubscriptionFollower {
  readonly #options: FollowOptions;
  readonly #toDiscard = new Map<string, Discarding>();
  #told = new AbortController();
  #lastBeatAtMs = 0;
  /** When pauses and breakers were last looked at; monotonic. */
  #heededAtMs: number | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** When all was last found current; wall clock, ms. */
  get lastBeatAtMs(): number {
    return this.#lastBeatAtMs;
  }

  /** A change was told of: look now. */
  notify(): void {
    this.#told.abort();
  }

  /**
   * Loads all there is; before it nothing may be matched. Twice: from the first time on this dispatcher is seen to live,
   * and every change waits for it; what was answered just before is loaded by the second.
   */
  async start(): Promise<void> {
    const untilMs = performance.now() + settleMaxMs;
    await this.#refresh();
    await this.#refresh();
    while (!this.#options.fleet.isSettled && performance.now() < untilMs) {
      await sleep(unsettledBeatMs);
      await this.#refresh();
    }
  }

  /** @param signal aborted when nothing of this dispatcher is out any more */
  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    while (!signal.aborted) {
      await this.#rest(signal);
      if (signal.aborted) break;
      try {
        await this.#refresh();
        await this.#discardSome();
      } catch (error) {
        logger.warn({ err: error }, "subscriptions.not-refreshed");
      }
    }
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([this.#told.signal, signal]);
    if (!either.aborted) {
      // Sooner when it is told of a change or stopped: both are reasons to go on.
      await sleepUnlessAborted(this.#options.fleet.isSettled ? beatMs : unsettledBeatMs, either);
    }
    if (this.#told.signal.aborted) this.#told = new AbortController();
  }

  async #refresh(): Promise<void> {
    const { db, fleet, subscriptions, lanes } = this.#options;
    const current = (endpointId: string) => subscriptions.find(endpointId);
    // Before it says which version it matches with: whoever waits for that must find the lanes at it, too.
    if ((await this.#loadChanges()) > 0) lanes.adapt(current);
    if (await fleet.beat(subscriptions.version, lanes.over())) lanes.adapt(current);
    this.#lastBeatAtMs = Date.now();
    const lookedAtMs = performance.now();
    const sinceMs = this.#heededAtMs === undefined ? undefined : lookedAtMs - this.#heededAtMs;
    lanes.heed(await loadHeldLanes(db, sinceMs), current);
    this.#heededAtMs = lookedAtMs;
  }

  async #loadChanges(): Promise<number> {
    const { db, keyring, subscriptions, origin } = this.#options;
    let changed = 0;
    for (;;) {
      const rows = await loadSubscriptions(db, subscriptions.version, pageMax);
      for (const row of rows) this.#apply(toSubscription(row, keyring, origin), BigInt(row.version));
      changed += rows.length;
      if (rows.length < pageMax) return changed;
    }
  }

  #apply(subscription: Subscription, version: bigint): void {
    const { subscriptions, lanes } = this.#options;
    const before = subscriptions.find(subscription.endpointId);
    const wasEnabled = before?.enabled ?? false;
    subscriptions.apply(subscription);
    subscriptions.version = version;
    if (subscription.enabled && before?.enabled === false) lanes.probeFirst(subscription);
    if (subscription.enabled) this.#toDiscard.delete(subscription.endpointId);
    else if (wasEnabled) {
      const untilMs = performance.now() + discardForMs;
      this.#toDiscard.set(subscription.endpointId, { endpoint: subscription, untilMs });
    }
  }

  /** A bounded part at each beat of what waits for endpoints that aren't told any more. */
  async #discardSome(): Promise<void> {
    const { db } = this.#options;
    for (const [endpointId, { endpoint, untilMs }] of this.#toDiscard) {
      const reason = endpoint.deleted ? "endpoint-deleted" : "endpoint-disabled";
      const count = await discardDeliveries(db, endpoint, reason, discardMax);
      if (count < discardMax && performance.now() > untilMs) this.#toDiscard.delete(endpointId);
    }
  }
}
