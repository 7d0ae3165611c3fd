import type { Logger } from "@postback/runtime";
import type { IngestStore } from "../store.ts";

export interface UntilEverywhereOptions {
  store: Pick<IngestStore, "awaitSubscriptionVersion">;
  logger: Logger;
}

/** How long an answer waits for the dispatchers, milliseconds. */
const subscriptionWaitMaxMs = 1000;

/**
 * Waits until every live dispatcher works with a change of who is told what. It is made by then: one that lags is logged.
 * @param changed what of, for the line's name
 */
export async function untilEverywhere(
  { store, logger }: UntilEverywhereOptions,
  changed: "endpoint" | "partner",
  subscriptionVersion: bigint,
  line: Readonly<Record<string, string>>,
): Promise<void> {
  const startedMs = performance.now();
  const isEverywhere = await store.awaitSubscriptionVersion(subscriptionVersion, { timeoutMs: subscriptionWaitMaxMs });
  const fields = { ...line, subscriptionVersion, waitMs: performance.now() - startedMs };
  if (isEverywhere) logger.info(fields, `${changed}.changed`);
  else logger.warn(fields, `${changed}.changed-and-not-yet-everywhere`);
}
