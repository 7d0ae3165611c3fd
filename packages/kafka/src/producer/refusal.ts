/** Kafka's error names that say "this request, never": all else (timeouts, leaders on the move, lost connections) is tried again. */
const REFUSALS = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_TIMESTAMP",
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "INVALID_REQUIRED_ACKS",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "POLICY_VIOLATION",
]);

/** Refusals that one record (or their sum) can cause, so that a smaller batch of the same partition may pass. */
const BY_RECORD = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_TIMESTAMP", "INVALID_RECORD"]);

export interface Refusal {
  /** Kafka's name of the error, `MESSAGE_TOO_LARGE`. */
  type: string;
  byRecord: boolean;
  cause: unknown;
}

/** What Kafka refused for good, if that is what the error (or one of its causes) says. */
export function refusalOf(error: unknown): Refusal | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const type = "type" in at ? String(at.type) : undefined;
    if (type !== undefined && REFUSALS.has(type)) return { type, byRecord: BY_RECORD.has(type), cause: error };
  }
  return undefined;
}

interface Placed {
  message: { topic: string; partition: number };
}

/**
 * Parts of a refused batch to be tried one after the other, because Kafka doesn't say whose fault it was; `undefined` when
 * it can't be narrowed down further and all of it is refused. First by partition, then, where a record can be the cause, by halves.
 */
export function narrowed<T extends Placed>(batch: readonly T[], refusal: Refusal): T[][] | undefined {
  const parts = [...Map.groupBy(batch, ({ message }) => `${message.topic}/${message.partition}`).values()];
  if (parts.length > 1) return parts;
  if (!refusal.byRecord || batch.length < 2) return undefined;
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}
