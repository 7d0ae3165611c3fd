/**
 * The names that a log line may carry. What isn't here is left out and named in `dropped`, so that a body, a secret, an
 * authorization header or a query string can't get into a log by a careless spread. Add a name only for what is safe to
 * show to whoever reads logs.
 */
export const loggedFields: ReadonlySet<string> = new Set(
  `err error namespace maxMs app version pid part parts name count reason detail code status method route requestId tenantId partnerId keyId changedKeyId
  direction waiting operationId operationType revision entityType eventId eventType endpointId deliveryId step steps stepStatus attempt
  attempts outcome cause durationMs nextAttemptAt delayMs retryAfterMs waitMs graceMs timeoutMs signal port host address
  topic topics partition partitions offset offsets lag position owner epoch number watermark group memberId generation
  brokers catalog catalogs types rows bytes batch queue queued inFlight limit lane lanes breaker ordering state previous
  from to at since until level dropped prefix database migration migrations days retryable message total skipped reset
  instance subscriptionVersion endpoints partitionCount leader groupId clientId sqlState hint uptimeMs replay exitCode
  held idleMs stalledMs endOffset committed duplicates recorded spilled delivered failed`
    .split(/\s+/)
    .filter((name) => name !== ""),
);
