import type { CreateReplay } from "@postback/contracts";
import type { EndpointRow, ReplayableEvent } from "@postback/database";
import { compileReplayScope, parsePattern } from "@postback/domain";

const patternsOf = (texts: readonly string[]) => texts.map(parsePattern).filter((pattern) => pattern !== undefined);

/** Whether an event is covered, by the subscription of now. The dispatcher that works the replay judges by the same rule. */
export function scopeOf(
  endpoint: EndpointRow,
  { statuses, events }: CreateReplay,
): (event: ReplayableEvent) => boolean {
  return compileReplayScope({
    endpoint: {
      endpointId: endpoint.id,
      partnerId: endpoint.partnerId ?? undefined,
      patterns: patternsOf(endpoint.events),
    },
    patterns: events && patternsOf(events),
    statuses,
  });
}
