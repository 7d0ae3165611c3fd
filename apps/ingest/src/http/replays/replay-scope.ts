import type { CreateReplay } from "@postback/contracts";
import type { EndpointRow, ReplayableEvent } from "@postback/database";
import { compileReplayScope, type EventFilter, type Partner, parsePattern, readFilter } from "@postback/domain";

const patternsOf = (texts: readonly string[]) => texts.map(parsePattern).filter((pattern) => pattern !== undefined);

/** Whether an event is covered, by the subscription of now. The dispatcher that works the replay judges by the same rule. */
export function scopeOf(
  endpoint: EndpointRow,
  partner: Partner | undefined,
  { statuses, events }: CreateReplay,
): (event: ReplayableEvent) => boolean {
  return compileReplayScope({
    endpoint: {
      endpointId: endpoint.id,
      partner,
      patterns: patternsOf(endpoint.events),
      filter: endpoint.filter === null ? undefined : filterOf(endpoint.filter),
    },
    patterns: events && patternsOf(events),
    statuses,
  });
}

/** @throws when it is of a later version: without it too much would be counted */
function filterOf(kept: unknown): EventFilter {
  const read = readFilter(kept);
  if (!read.ok) throw new Error(`the endpoint's filter is unknown: ${read.problems.map((p) => p.message).join("; ")}`);
  return read.filter;
}
