import { mayBeTold } from "../endpoint-life/may-be-told.ts";
import type { EventFilter, FilteredEvent } from "../event-filter/read-filter.ts";
import { mayPartnerSee, type Partner } from "../partner/may-partner-see.ts";
import { compileSubscriptions, type EventPattern } from "../subscription-match.ts";

/** Which of the events that a replay covers are meant; `never`: not delivered, and not on their way. */
export const REPLAY_STATUSES = ["never", "delivered", "exhausted", "expired", "discarded"] as const;
export type ReplayStatus = (typeof REPLAY_STATUSES)[number];

/** An event that was sent to one endpoint to try it. It is for that one and that time: no replay covers it. */
export const TEST_EVENT_TYPE = "endpoint.test";

/** What is known of an event's deliveries to the endpoint, those of earlier replays included. */
export type KnownDeliveries = {
  /** One was delivered. */
  readonly wasDelivered: boolean;
  /** One is pending or being sent. */
  readonly isOnItsWay: boolean;
  /** The live one's status, where it has a row. */
  readonly liveStatus?: string | undefined;
};

export type ReplayCandidate = {
  readonly type: string;
  readonly entity?: { readonly type: string; readonly id: string } | undefined;
  readonly deliveries: KnownDeliveries;
  /** The partners that it is for; without it for all. */
  readonly audience?: readonly string[] | undefined;
  /** The webhook's body, JSON; needed where the endpoint or its partner's grant has a filter. */
  readonly body?: string | undefined;
};

export type ReplayScope = {
  readonly endpoint: {
    readonly endpointId: string;
    /** The partner whose it is, with its grant of today; none: the tenant's own. */
    readonly partner?: Partner | undefined;
    readonly patterns: readonly EventPattern[];
    readonly filter?: EventFilter | undefined;
  };
  /** Besides the subscription's; without them all that it matches. */
  readonly patterns?: readonly EventPattern[] | undefined;
  /** Without them all, delivered before or not. */
  readonly statuses?: readonly ReplayStatus[] | undefined;
};

/**
 * Judges whether a replay covers an event: by what the endpoint subscribes to and may be told today, not by what it was
 * when the event was told (design §6).
 */
export function compileReplayScope({ endpoint, patterns, statuses }: ReplayScope): (event: ReplayCandidate) => boolean {
  const { endpointId, partner } = endpoint;
  const matches = [endpoint.patterns, ...(patterns ? [patterns] : [])].map(matcherOf);
  return (event) =>
    event.type !== TEST_EVENT_TYPE &&
    matches.every((match) => match(event.type)) &&
    mayBeTold({ endpointId, partnerId: partner?.id }, event) &&
    (partner === undefined || mayPartnerSee({ ...event, content: () => contentOf(event) }, partner)) &&
    (statuses === undefined || statuses.some((status) => isIn(status, event.deliveries))) &&
    (endpoint.filter === undefined || passes(endpoint.filter, event));
}

/** Judged last: the body is parsed for nothing else. @throws when the event was read without its body */
const passes = (filter: EventFilter, event: ReplayCandidate): boolean => filter.matches(contentOf(event));

function contentOf({ body }: ReplayCandidate): FilteredEvent {
  if (body === undefined) throw new Error("a filter judges the body of an event, and it was read without");
  return JSON.parse(body) as FilteredEvent;
}

function matcherOf(patterns: readonly EventPattern[]): (eventType: string) => boolean {
  const index = compileSubscriptions([{ subscriber: true, patterns }]);
  return (eventType) => index.match(eventType).length > 0;
}

function isIn(status: ReplayStatus, { wasDelivered, isOnItsWay, liveStatus }: KnownDeliveries): boolean {
  if (status === "delivered" || wasDelivered) return status === "delivered" && wasDelivered;
  return !isOnItsWay && (status === "never" || status === liveStatus);
}
