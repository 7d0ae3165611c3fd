import type { EventHeader } from "@postback/contracts";
import { type FilteredEvent, mayPartnerSee, type Partner } from "@postback/domain";

/** As much of an event of the log, or of its row, as decides who may see it. */
export interface Told {
  type: EventHeader["type"];
  audience?: readonly string[] | null | undefined;
  /** JSON; parsed only where a grant has a filter. */
  body: string | Buffer;
}

/** Whether a reader may see an event of its tenant: a partner what grant and audience allow, the tenant itself all. */
export function isSeenBy(partner: Partner | undefined, { type, audience, body }: Told): boolean {
  if (partner === undefined) return true;
  try {
    return mayPartnerSee(
      { type, audience, content: () => JSON.parse(body.toString("utf8")) as FilteredEvent },
      partner,
    );
  } catch (error) {
    // A message that somebody put into the log by hand: the dispatcher makes a dead letter of it.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
