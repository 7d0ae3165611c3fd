import type { Delivered, Exhausted, Expired, LaneSignals, Waiting } from "./after-attempt.ts";

/** In which order an endpoint is told: each event by itself, those of an entity one after another, or all of them. */
export type Ordering = "none" | "entity" | "endpoint";

/** When a delivery that keeps failing lets those behind it pass. Neither: it holds them until it has ended by itself. */
export type OrderValve = {
  /** After so many attempts. */
  readonly skipAfterAttempts?: number | undefined;
  /** So long after its first attempt began; a last attempt is made then. */
  readonly skipAfterSeconds?: number | undefined;
};

/** Given up so that those behind it go on; it stays listed, and a replay or a retry sends it. */
export type Skipped = { readonly state: "discarded"; readonly reason: "order-skipped" } & LaneSignals;

/**
 * The queue of an endpoint that a delivery waits in; undefined: it waits for nothing. An event without an entity has no
 * place in the order of entities.
 */
export function orderKeyOf(ordering: Ordering, entity: { type: string; id: string } | undefined): string | undefined {
  if (ordering === "endpoint") return "";
  return ordering === "entity" && entity !== undefined ? `${entity.type}/${entity.id}` : undefined;
}

/**
 * What the valve makes of a delivery after an attempt. One whose endpoint has just been disabled by its answer is left
 * to be discarded with all the others.
 * @param attempt number of the attempt that ended, from 1
 * @param firstAttemptAt when the first one began
 */
export function afterValve(
  next: Waiting | Delivered | Exhausted | Expired,
  valve: OrderValve,
  { attempt, firstAttemptAt }: { attempt: number; firstAttemptAt: Date },
  now: Date,
): Waiting | Delivered | Exhausted | Expired | Skipped {
  if (next.state !== "waiting" || next.disableEndpoint) return next;
  const { skipAfterAttempts = Number.POSITIVE_INFINITY, skipAfterSeconds = Number.POSITIVE_INFINITY } = valve;
  const untilMs = firstAttemptAt.getTime() + skipAfterSeconds * 1000;
  const { nextAttemptAt, state: _, ...signals } = next;
  if (attempt >= skipAfterAttempts || now.getTime() >= untilMs) {
    return { state: "discarded", reason: "order-skipped", ...signals };
  }
  return untilMs < nextAttemptAt.getTime() ? { ...next, nextAttemptAt: new Date(untilMs) } : next;
}
