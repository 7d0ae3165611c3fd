import { setTimeout as sleep } from "node:timers/promises";
import {
  type ClaimedDelivery,
  claimDue,
  type Database,
  type DeliveryRecord,
  type LaneAllowance,
  type SharedBreaker,
} from "@postback/database";
import { type FilteredEvent, mayPartnerSee, TEST_EVENT_TYPE } from "@postback/domain";
import { type Logger, sleepUnlessAborted } from "@postback/runtime";
import type { Entry } from "../record/pending-outcomes.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Subscriptions } from "../subscriptions/subscriptions.ts";
import type { Outgoing } from "./held.ts";
import type { Lanes } from "./lanes.ts";

export interface WakeDueOptions {
  db: Database;
  lanes: Lanes;
  subscriptions: Subscriptions;
  record(entry: Entry): void;
  owner: string;
  logger: Logger;
}

/** How often the schedule is looked at when nothing is known to be due. */
const intervalMs = 200;
/** Between two looks in any case, so that a lane that drains doesn't make a loop of claims. */
const pauseMs = 5;
/** After a look that was full of lanes of which nothing could be taken: there may be more behind them. */
const fullPauseMs = 50;
const retryMs = 1_000;
const lanesMax = 100;
/** Deliveries of one lane that are ended at once because their endpoint isn't told any more. */
const discardsMax = 100;

/** Postgres is the schedule of what can't be sent at once: takes what is due, as far as lanes have slots. */
export class Schedule {
  readonly #options: WakeDueOptions;
  #kicked = new AbortController();

  constructor(options: WakeDueOptions) {
    this.#options = options;
  }

  /** Look now: something is due, or a slot is free. */
  kick(): void {
    this.#kicked.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    while (!signal.aborted) {
      try {
        const { lanes, claimed } = await this.#claim();
        const emptyMs = lanes < lanesMax ? intervalMs : fullPauseMs;
        await this.#rest(claimed > 0 ? pauseMs : emptyMs, signal);
      } catch (error) {
        logger.warn({ err: error }, "schedule.not-read");
        await this.#rest(retryMs, signal);
      }
    }
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([this.#kicked.signal, signal]);
    if (!either.aborted) {
      // Sooner when it is kicked or stopped: both are reasons to go on.
      await sleepUnlessAborted(ms, either);
    }
    if (this.#kicked.signal.aborted) {
      this.#kicked = new AbortController();
      if (ms > pauseMs) await sleep(pauseMs);
    }
  }

  async #claim(): Promise<{ lanes: number; claimed: number }> {
    const { db, owner } = this.#options;
    const asked: Asked[] = [];
    let lanes = 0;
    const allowanceOf = (endpointId: string, breaker: SharedBreaker | null) => {
      lanes += 1;
      const endpoint = this.#options.subscriptions.find(endpointId);
      const allowance = this.#allowanceOf(endpoint, breaker);
      if (endpoint) asked.push({ endpoint, max: allowance.max });
      return allowance;
    };
    try {
      const claimed = await claimDue(db, { owner, lanesMax, allowanceOf });
      this.#hand(asked, claimed);
      return { lanes, claimed: claimed.length };
    } catch (error) {
      this.#hand(asked, []);
      throw error;
    }
  }

  #allowanceOf(endpoint: Subscription | undefined, breaker: SharedBreaker | null): LaneAllowance {
    if (endpoint === undefined) return { max: 0, leaseMs: 0, againInMs: intervalMs };
    if (!endpoint.enabled) return { max: discardsMax, leaseMs: retryMs, againInMs: intervalMs, discards: true };
    return this.#options.lanes.reserve(endpoint, breaker);
  }

  /** Under the subscription as it was asked: what was reserved is settled, whatever changed meanwhile. */
  #hand(asked: readonly Asked[], claimed: readonly ClaimedDelivery[]): void {
    const byEndpoint = Map.groupBy(claimed, (delivery) => delivery.endpointId);
    for (const { endpoint, max } of asked) {
      const ours = (byEndpoint.get(endpoint.endpointId) ?? []).map((delivery) => toOutgoing(delivery, endpoint));
      const [told, ended] = endpoint.enabled ? byGrant(ours, endpoint) : [[], ours];
      if (endpoint.enabled) this.#options.lanes.settleClaim(endpoint, max, told);
      for (const outgoing of ended) this.#options.record({ delivery: toDiscarded(outgoing) });
    }
  }
}

/** A lane that a claim asked about, and what it was allowed. */
interface Asked {
  endpoint: Subscription;
  max: number;
}

/**
 * What may still be sent, and what may not: the grant may be less than when the delivery was made. The audience is as it
 * was, and a test of the endpoint itself is nobody's to grant.
 */
function byGrant(ours: readonly Outgoing[], { partner }: Subscription): [Outgoing[], Outgoing[]] {
  if (partner === undefined) return [[...ours], []];
  const { told = [], ended = [] } = Object.groupBy(ours, ({ eventType, body }) => {
    const content = () => JSON.parse(body.toString("utf8")) as FilteredEvent;
    const isSeen = eventType === TEST_EVENT_TYPE || mayPartnerSee({ type: eventType, content }, partner);
    return isSeen ? "told" : "ended";
  });
  return [told, ended];
}

const toOutgoing = (delivery: ClaimedDelivery, endpoint: Subscription): Outgoing => ({
  tenantId: delivery.tenantId,
  eventId: delivery.eventId,
  eventType: delivery.eventType,
  partition: delivery.partition,
  replay: delivery.replay,
  body: Buffer.from(delivery.body, "utf8"),
  traceparent: delivery.traceparent ?? undefined,
  acceptedAtMs: delivery.eventAcceptedAt.getTime(),
  attemptsMade: delivery.attemptsMade,
  firstAttemptAtMs: delivery.firstAttemptAt === null ? undefined : Date.parse(delivery.firstAttemptAt),
  orderKey: delivery.orderKey ?? undefined,
  isClaimed: true,
  endpoint,
  event: undefined,
});

const toDiscarded = (outgoing: Outgoing): DeliveryRecord => ({
  tenantId: outgoing.tenantId,
  eventId: outgoing.eventId,
  endpointId: outgoing.endpoint.endpointId,
  replay: outgoing.replay,
  eventType: outgoing.eventType,
  partition: outgoing.partition,
  orderKey: outgoing.orderKey,
  status: "discarded",
  reason: reasonOf(outgoing.endpoint),
});

function reasonOf({ deleted, enabled }: Subscription): string {
  if (deleted) return "endpoint-deleted";
  return enabled ? "not-granted" : "endpoint-disabled";
}
