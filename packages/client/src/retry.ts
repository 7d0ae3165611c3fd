export interface RetryPolicy {
  /** Requests for one call, the first included. */
  readonly attemptsMax: number;
  /** A server that asks to wait longer gets its refusal thrown, milliseconds. */
  readonly waitMaxMs: number;
}

export const defaultRetry: RetryPolicy = { attemptsMax: 5, waitMaxMs: 30_000 };

/** What came of a request that was not carried out, or of which nobody knows. */
export type Failure =
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs: number | undefined }
  | { readonly kind: "no-answer" };

const firstDelayMs = 200;

/**
 * How long to wait before the same request is sent again; `undefined` when it isn't.
 * @param attempt that failed, from 1
 * @param repeatable sent twice it does what once does: 503 and silence leave open whether it was carried out. 429 doesn't
 * @param dice from 0 to 1, spreads those who were refused together
 */
export function retryDelayMs(
  attempt: number,
  failure: Failure,
  repeatable: boolean,
  policy: RetryPolicy,
  dice: number,
): number | undefined {
  if (attempt >= policy.attemptsMax) return undefined;
  const status = failure.kind === "refused" ? failure.status : undefined;
  if (status !== undefined && status !== 429 && status !== 503) return undefined;
  if (status !== 429 && !repeatable) return undefined;
  const asked = failure.kind === "refused" ? failure.retryAfterMs : undefined;
  if (asked !== undefined && asked > policy.waitMaxMs) return undefined;
  const spread = firstDelayMs * 2 ** (attempt - 1) * (0.5 + dice / 2);
  return Math.min((asked ?? 0) + spread, policy.waitMaxMs);
}

/** `Retry-After` in seconds, or as a date (RFC 9110 §10.2.3), in milliseconds. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
