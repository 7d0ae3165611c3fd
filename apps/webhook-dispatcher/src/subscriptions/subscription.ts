import { type Keyring, openSecret, type SubscriptionRow } from "@postback/database";
import {
  DEFAULT_RETRY_SCHEDULE,
  type EventFilter,
  type EventFormat,
  type EventPattern,
  type Ordering,
  type OrderValve,
  type Partner,
  parsePattern,
  parseSecret,
  readFilter,
  readGrant,
} from "@postback/domain";
import type { PostTarget } from "../send/agent-pool.ts";
import { endpointHeaders } from "./endpoint-headers.ts";
import type { EndingKey } from "./signing-keys.ts";

/** An endpoint as it is matched and sent to. A change makes a new one. */
export interface Subscription {
  readonly tenantId: string;
  readonly endpointId: string;
  /** The partner whose it is, with its grant; none: the tenant's own. */
  readonly partner?: Partner | undefined;
  /** Its id. */
  readonly partnerId?: string | undefined;
  readonly patterns: readonly EventPattern[];
  /** On the content of events; without one all that the patterns match are told. */
  readonly filter?: EventFilter | undefined;
  /** Where to post; one object as long as nothing in it changes. */
  readonly target: PostTarget;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly ratePerSecond: number | undefined;
  /** It sets limits of its own, which hold even when a dispatcher loses sight of the others. */
  readonly isLimited: boolean;
  readonly retrySchedule: readonly number[];
  readonly ordering: Ordering;
  readonly valve: OrderValve;
  readonly format: EventFormat;
  readonly enabled: boolean;
  readonly deleted: boolean;
  /** The newest first; while rotating all of them sign, each until its end. */
  readonly keys: readonly EndingKey[];
}

/** Limits of an endpoint that sets none. */
const defaults = { concurrency: 8, timeoutMs: 15_000 };

/**
 * @param origin this system, as receivers that were asked have agreed to it
 * @throws when a secret doesn't open: the keyring lacks its key, or the row was tampered with; and when a filter says what
 *   this version doesn't know: without it the endpoint would be told too much
 */
export function toSubscription(row: SubscriptionRow, keyring: Keyring, origin: string): Subscription {
  const concurrency = row.concurrency ?? defaults.concurrency;
  const timeoutMs = row.timeoutMs ?? defaults.timeoutMs;
  return {
    tenantId: row.tenantId,
    endpointId: row.endpointId,
    partner: row.partnerId === null ? undefined : { id: row.partnerId, grant: readGrant(row.partnerGrant) },
    partnerId: row.partnerId ?? undefined,
    patterns: row.events.map(parsePattern).filter((pattern) => pattern !== undefined),
    filter: row.filter === null ? undefined : readKept(row.endpointId, row.filter),
    target: { id: row.endpointId, url: row.url, headers: endpointHeaders(row, origin), timeoutMs, concurrency },
    concurrency,
    timeoutMs,
    ratePerSecond: row.ratePerSecond ?? undefined,
    isLimited: row.concurrency !== null || row.ratePerSecond !== null,
    retrySchedule: row.retrySchedule?.length ? row.retrySchedule : DEFAULT_RETRY_SCHEDULE,
    ordering: row.ordering,
    valve: {
      skipAfterAttempts: row.orderSkipAttempts ?? undefined,
      skipAfterSeconds: row.orderSkipSeconds ?? undefined,
    },
    format: row.format,
    enabled: row.enabled,
    deleted: row.deleted,
    keys: row.deleted ? [] : row.secrets.map((secret) => openKey(row, secret, keyring)),
  };
}

function readKept(endpointId: string, kept: unknown): EventFilter {
  const read = readFilter(kept);
  if (read.ok) return read.filter;
  const problems = read.problems.map(({ pointer, message }) => `${pointer}: ${message}`).join("; ");
  throw new Error(
    `the filter of endpoint ${endpointId} is of a version that this dispatcher doesn't know: ${problems}`,
  );
}

function openKey(row: SubscriptionRow, secret: SubscriptionRow["secrets"][number], keyring: Keyring): EndingKey {
  const { tenantId, endpointId } = row;
  const sealed = {
    keyId: secret.keyId,
    nonce: Buffer.from(secret.nonce, "base64"),
    ciphertext: Buffer.from(secret.ciphertext, "base64"),
  };
  const key = parseSecret(openSecret(keyring, sealed, { tenantId, endpointId, version: secret.version }));
  if (!key) throw new Error(`secret ${secret.version} of endpoint ${endpointId} is neither whsec_ nor whsk_`);
  const { expiresInMs } = secret;
  return { ...key, endsAtMs: expiresInMs === null ? Number.POSITIVE_INFINITY : Date.now() + expiresInMs };
}
