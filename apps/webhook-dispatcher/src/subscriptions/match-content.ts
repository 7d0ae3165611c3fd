import type { FilteredEvent } from "@postback/domain";
import type { Subscription } from "./subscription.ts";

/**
 * Those whose filter the event's content matches, and those without one. The event is parsed at most once, and only where
 * somebody has a filter.
 * @param body of the webhook, which is JSON: consumption gives up what isn't
 */
export function matchContent(matching: readonly Subscription[], body: Buffer): readonly Subscription[] {
  if (!matching.some(({ filter }) => filter !== undefined)) return matching;
  const event = JSON.parse(body.toString("utf8")) as FilteredEvent;
  return matching.filter(({ filter }) => filter === undefined || filter.matches(event));
}
