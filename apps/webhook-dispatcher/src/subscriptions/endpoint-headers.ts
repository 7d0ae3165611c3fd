import type { SubscriptionRow } from "@postback/database";
import { CONTENT_TYPES } from "@postback/domain";

/**
 * What all webhooks to an endpoint carry besides what is of one attempt: its own headers and, above them, ours. A
 * receiver that was asked gets `Origin` with each of them (CloudEvents HTTP webhook 1.0.2 §4.1.2); what a format says of
 * the body is not the endpoint's to change.
 * @param origin this system, as receivers that were asked have agreed to it
 */
export function endpointHeaders(
  { headers, format, handshake }: Pick<SubscriptionRow, "headers" | "format" | "handshake">,
  origin: string,
): Record<string, string> {
  const ours: Record<string, string> = {
    ...(format === "standard" ? {} : { "content-type": CONTENT_TYPES[format] }),
    ...(handshake ? { origin } : {}),
  };
  const isOurs = (name: string) => name in ours || (format === "cloudevents-binary" && name.startsWith("ce-"));
  const own = Object.entries(headers ?? {}).filter(([name]) => !isOurs(name.toLowerCase()));
  return { ...Object.fromEntries(own), ...ours };
}
