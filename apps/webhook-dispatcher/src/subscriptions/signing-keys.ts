import type { SigningKey } from "@postback/domain";

/** A key of an endpoint. While a secret is rotated there are several, and those of before have an end. */
export interface EndingKey extends SigningKey {
  /** Wall clock, ms; Infinity of the newest. */
  readonly endsAtMs: number;
}

/**
 * The keys that sign now. Subscriptions are loaded when they change, and an end is no change: so it is looked at with each
 * webhook. An older key never ends after a newer one, so where the last goes on all do.
 * @param keys the newest first
 */
export function keysThatSign(keys: readonly EndingKey[], nowMs: number): readonly SigningKey[] {
  const oldest = keys.at(-1);
  return oldest === undefined || oldest.endsAtMs > nowMs ? keys : keys.filter(({ endsAtMs }) => endsAtMs > nowMs);
}
