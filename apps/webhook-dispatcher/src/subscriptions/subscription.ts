import { type Keyring, openSecret, type SubscriptionRow } from "@postback/database";
import {
  DEFAULT_RETRY_SCHEDULE,
  type EventFormat,
  type EventPattern,
  parsePattern,
  parseSecret,
  type SigningKey,
} from "@postback/domain";
import type { PostTarget } from "../send/agent-pool.ts";
import { endpointHeaders } from "./endpoint-headers.ts";

/** An endpoint as it is matched and sent to. A change makes a new one. */
export interface Subscription {
  readonly tenantId: string;
  readonly endpointId: string;
  readonly patterns: readonly EventPattern[];
  /** Where to post; one object as long as nothing in it changes. */
  readonly target: PostTarget;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly ratePerSecond: number | undefined;
  readonly retrySchedule: readonly number[];
  readonly format: EventFormat;
  readonly enabled: boolean;
  readonly deleted: boolean;
  /** The newest first; while rotating all of them sign. */
  readonly keys: readonly SigningKey[];
}

/** Limits of an endpoint that sets none. */
const defaults = { concurrency: 8, timeoutMs: 15_000 };

/**
 * @param origin this system, as receivers that were asked have agreed to it
 * @throws when a secret doesn't open: the keyring lacks its key, or the row was tampered with
 */
export function toSubscription(row: SubscriptionRow, keyring: Keyring, origin: string): Subscription {
  const concurrency = row.concurrency ?? defaults.concurrency;
  const timeoutMs = row.timeoutMs ?? defaults.timeoutMs;
  return {
    tenantId: row.tenantId,
    endpointId: row.endpointId,
    patterns: row.events.map(parsePattern).filter((pattern) => pattern !== undefined),
    target: { id: row.endpointId, url: row.url, headers: endpointHeaders(row, origin), timeoutMs, concurrency },
    concurrency,
    timeoutMs,
    ratePerSecond: row.ratePerSecond ?? undefined,
    retrySchedule: row.retrySchedule?.length ? row.retrySchedule : DEFAULT_RETRY_SCHEDULE,
    format: row.format,
    enabled: row.enabled,
    deleted: row.deleted,
    keys: row.deleted ? [] : row.secrets.map((secret) => openKey(row, secret, keyring)),
  };
}

function openKey(row: SubscriptionRow, secret: SubscriptionRow["secrets"][number], keyring: Keyring): SigningKey {
  const { tenantId, endpointId } = row;
  const sealed = {
    keyId: secret.keyId,
    nonce: Buffer.from(secret.nonce, "base64"),
    ciphertext: Buffer.from(secret.ciphertext, "base64"),
  };
  const key = parseSecret(openSecret(keyring, sealed, { tenantId, endpointId, version: secret.version }));
  if (!key) throw new Error(`secret ${secret.version} of endpoint ${endpointId} is not a whsec_ secret`);
  return key;
}
