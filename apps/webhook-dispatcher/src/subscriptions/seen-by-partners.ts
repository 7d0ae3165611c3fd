import type { EventHeader } from "@postback/contracts";
import { type FilteredEvent, mayPartnerSee } from "@postback/domain";
import type { Subscription } from "./subscription.ts";

/**
 * Those that may see the event: the tenant's own endpoints, and those of partners as far as grant and audience allow. The
 * event is parsed at most once, and only where a grant has a filter.
 * @param body of the webhook, which is JSON: consumption gives up what isn't
 */
export function seenByPartners(
  matching: readonly Subscription[],
  { type, audience }: Pick<EventHeader, "type" | "audience">,
  body: Buffer,
): readonly Subscription[] {
  if (!matching.some(({ partner }) => partner !== undefined)) return matching;
  let parsed: FilteredEvent | undefined;
  const content = (): FilteredEvent => {
    parsed ??= JSON.parse(body.toString("utf8")) as FilteredEvent;
    return parsed;
  };
  return matching.filter(({ partner }) => partner === undefined || mayPartnerSee({ type, audience, content }, partner));
}
