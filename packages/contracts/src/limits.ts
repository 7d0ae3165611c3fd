/** Bounds of the wire, one table. Units are in the names. A change here is a change of the API. */
export const limits = {
  /** Body of any request; the Kafka message limit is this plus {@link messageOverheadMaxBytes}. */
  bodyMaxBytes: 256 * 1024,
  messageOverheadMaxBytes: 64 * 1024,
  jsonDepthMax: 32,
  idempotencyKeyMaxChars: 255,
  entityIdMaxChars: 255,
  eventTypeMaxChars: 128,
  endpointPatternsMax: 100,
  endpointUrlMaxChars: 2048,
  endpointHeadersMax: 20,
  endpointHeadersMaxBytes: 4096,
  endpointConcurrencyMax: 256,
  endpointConcurrencyDefault: 8,
  endpointTimeoutMaxMs: 30_000,
  endpointTimeoutDefaultMs: 15_000,
  endpointRateMaxPerSecond: 10_000,
  /** Secrets of one endpoint that sign at the same time, the one that is rotated to included. */
  endpointSecretsMax: 5,
  /** Public keys in one key set. */
  keySetMax: 1_000,
  secretOverlapMaxSeconds: 7 * 86_400,
  secretOverlapDefaultSeconds: 86_400,
  retryScheduleMaxEntries: 20,
  retryDelayMaxSeconds: 86_400,
  /** As long as a delivery is tried at most. */
  orderingSkipMaxSeconds: 7 * 86_400,
  /** Of a receiver's answer, as an attempt shows it. */
  attemptResponseMaxChars: 1024,
  descriptionMaxChars: 1024,
  /** Of a key, a partner or a tenant. */
  nameMaxChars: 128,
  requestsPerSecondMax: 1_000_000,
  operationIdsMax: 1_000,
  /** Writes in one `POST /v1/operations/batch`, and its body. */
  batchOperationsMax: 1_000,
  batchBodyMaxBytes: 1024 * 1024,
  /** `Prefer: wait` and `?wait`; more is cut to it. */
  waitMaxSeconds: 60,
  /** Unfinished operations of an entity are counted up to here. */
  entityPendingMax: 1_000,
  /** Event type patterns of a feed, and subscriptions of a WebSocket. */
  streamTypesMax: 100,
  streamSubscriptionsMax: 100,
  streamMessageMaxBytes: 32 * 1024,
  /** Of an installation with 1,000 partitions; with 48 it has about 1,000. */
  cursorMaxChars: 24 * 1024,
  pageSizeDefault: 50,
  pageSizeMax: 200,
  /** How far the time in a client-made UUIDv7 may be from ours. */
  clientIdPastMaxMs: 24 * 3600 * 1000,
  clientIdFutureMaxMs: 5 * 60 * 1000,
} as const;
