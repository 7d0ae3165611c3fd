import { isAboutEndpoints } from "../endpoint-life/may-be-told.ts";
import { type EventFilter, type FilteredEvent, readFilter } from "../event-filter/read-filter.ts";
import { type EventPattern, matchesPattern, parsePattern } from "../subscription-match.ts";

/** What a tenant lets a partner see: event types by patterns, and of these what the filter matches. */
export type Grant = { readonly patterns: readonly EventPattern[]; readonly filter: EventFilter | undefined };

/** A party inside a tenant. */
export type Partner = { readonly id: string; readonly grant: Grant };

/** As much of an event as decides who may see it. */
export type SeenEvent = {
  readonly type: string;
  /** The partners that it is for; undefined: for all whose grant allows it. */
  readonly audience?: readonly string[] | null | undefined;
  /** `data` and `entity`; asked for only where the grant has a filter. */
  readonly content: () => FilteredEvent;
};

const NOTHING: Grant = { patterns: [], filter: undefined };

/**
 * Reads a grant as it is kept, `{events: [patterns], filter?}`. One that can't be read, and one of a filter that this
 * version doesn't know, shows nothing: a grant that lost a condition would show too much.
 */
export function readGrant(kept: unknown): Grant {
  if (typeof kept !== "object" || kept === null || !("events" in kept) || !Array.isArray(kept.events)) return NOTHING;
  const patterns = kept.events.map((text: unknown) => (typeof text === "string" ? parsePattern(text) : undefined));
  const known = patterns.filter((pattern) => pattern !== undefined);
  if (!("filter" in kept) || kept.filter === null) return { patterns: known, filter: undefined };
  const read = readFilter(kept.filter);
  return read.ok ? { patterns: known, filter: read.filter } : NOTHING;
}

/**
 * The one answer to whether a partner may see an event, for webhooks, lists, replays, feed and streams alike: it is in
 * the event's audience, and its grant allows the type and the content. An empty grant sees nothing (design §5), and no
 * grant shows how the endpoints of others do.
 */
export function mayPartnerSee({ type, audience, content }: SeenEvent, { id, grant }: Partner): boolean {
  if (isAboutEndpoints(type)) return false;
  if (audience && !audience.includes(id)) return false;
  if (!grant.patterns.some((pattern) => matchesPattern(pattern, type))) return false;
  return grant.filter === undefined || grant.filter.surelyMatches(content());
}
