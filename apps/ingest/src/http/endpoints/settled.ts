import { type UntilEverywhereOptions, untilEverywhere } from "../until-everywhere.ts";

/** An event matches the endpoints that were answered before it was accepted (design §3.4): so long the answer waits. */
export const settled = (
  options: UntilEverywhereOptions,
  { endpointId, subscriptionVersion }: { endpointId: string; subscriptionVersion: bigint },
  line: { keyId: string; tenantId: string; outcome: string },
): Promise<void> => untilEverywhere(options, "endpoint", subscriptionVersion, { ...line, endpointId });
