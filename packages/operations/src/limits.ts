import { limits as wire } from "@postback/contracts";

/** Bounds of definitions and of what steps give back. Units are in the names. */
export const limits = {
  stepsMax: 50,
  stepNameMaxChars: 64,
  attemptsMax: 100,
  retryDelayMaxMs: 24 * 3600 * 1000,
  stepTimeoutDefaultMs: 30_000,
  stepTimeoutMaxMs: 600_000,
  /** A caller waits for it, and what the log has for its entity does too. */
  syncStepTimeoutMaxMs: 5_000,
  deadlineDefaultMs: 24 * 3600 * 1000,
  deadlineMaxMs: 30 * 24 * 3600 * 1000,
  outputMaxBytes: 64 * 1024,
  resultMaxBytes: 64 * 1024,
  /** An event's body must fit into a message: the wire's limit of a body, its envelope comes on top. */
  eventDataMaxBytes: wire.bodyMaxBytes,
  eventsPerStepMax: 100,
  /** Partners that an event is for. */
  audienceMax: 100,
  jsonDepthMax: wire.jsonDepthMax,
  /** What a step that calls out may read of one answer. */
  answerMaxBytes: 1024 * 1024,
  /** Further tries within one attempt after a quick transient failure. */
  quickRetriesDefault: 1,
  quickRetriesMax: 5,
  quickRetryDelayMs: 100,
  migrationFileMaxBytes: 1024 * 1024,
  /** Of `onceIn`, in the other database. */
  onceIdleMaxMs: 5_000,
  onceLockWaitMaxMs: 10_000,
  /** Longer than `deadlineMaxMs`: what an unfinished operation did must not be forgotten. */
  onceKeptMinMs: 31 * 24 * 3600 * 1000,
  onceKeptDefaultMs: 60 * 24 * 3600 * 1000,
  /** Of a secret that a step names: a shorter one would be redacted out of words that happen to have it. */
  secretMinChars: 8,
} as const;
