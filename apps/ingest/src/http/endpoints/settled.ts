import type { Logger } from "@postback/runtime";
import type { IngestStore } from "../../store.ts";

export interface SettledOptions {
  store: Pick<IngestStore, "awaitSubscriptionVersion">;
  logger: Logger;
}

/** An event matches the endpoints that were answered before it was accepted (design §3.4): the answer waits this long. */
const subscriptionWaitMaxMs = 1000;

/** Waits until every live dispatcher works with a change. It is made by then: one that lags is logged. */
export async function settled(
  { store, logger }: SettledOptions,
  { endpointId, subscriptionVersion }: { endpointId: string; subscriptionVersion: bigint },
  line: { keyId: string; tenantId: string; outcome: string },
): Promise<void> {
  const startedMs = performance.now();
  const isEverywhere = await store.awaitSubscriptionVersion(subscriptionVersion, { timeoutMs: subscriptionWaitMaxMs });
  const fields = { ...line, endpointId, subscriptionVersion, waitMs: performance.now() - startedMs };
  if (isEverywhere) logger.info(fields, "endpoint.changed");
  else logger.warn(fields, "endpoint.changed-and-not-yet-everywhere");
}
