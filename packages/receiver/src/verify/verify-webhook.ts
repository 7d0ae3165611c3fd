import { createHmac, timingSafeEqual, verify } from "node:crypto";
import type { WebhookEvent } from "../webhook-event.ts";
import { headerOf, type WebhookHeaders } from "../webhook-headers.ts";
import type { VerifyingKey } from "./verifying-key.ts";

export interface WebhookToVerify {
  /** Exactly the bytes that came; text is taken as UTF-8. What was parsed and written again has another signature. */
  readonly body: Uint8Array | string;
  readonly headers: WebhookHeaders;
}

export interface VerifyOptions {
  /** How far the timestamp may be from now, in either direction, seconds. Default 300. */
  readonly toleranceSeconds?: number;
  /** Milliseconds since 1970. Default: now. */
  readonly nowMs?: number;
}

export type RefusedReason =
  | "missing-header"
  | "malformed-timestamp"
  | "timestamp-too-old"
  | "timestamp-too-new"
  | "no-matching-signature"
  | "not-json";

/** A webhook that is what it says: `webhookId` is the same on each attempt, so that a repetition is recognised. */
export interface Verified {
  readonly ok: true;
  readonly webhookId: string;
  /** Of this attempt. */
  readonly signedAt: Date;
  readonly event: WebhookEvent;
}

export interface Refused {
  readonly ok: false;
  readonly reason: RefusedReason;
  /** In words, without anything of the webhook. */
  readonly message: string;
}

const toleranceDefaultSeconds = 300;
/** A sender signs with as many as it has secrets in force; more are no rotation. */
const signaturesMax = 20;

/** Verifies a webhook by Standard Webhooks 1.0: any key that matches any of its signatures will do. */
export function verifyWebhook(
  { body, headers }: WebhookToVerify,
  keys: readonly VerifyingKey[],
  { toleranceSeconds = toleranceDefaultSeconds, nowMs = Date.now() }: VerifyOptions = {},
): Verified | Refused {
  const webhookId = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature");
  if (!webhookId || !timestamp || !signatures) {
    return refused("missing-header", "webhook-id, webhook-timestamp and webhook-signature are needed, each once");
  }
  if (!/^[0-9]{1,12}$/.test(timestamp)) return refused("malformed-timestamp", "webhook-timestamp is not whole seconds");
  const signedAtMs = Number(timestamp) * 1000;
  if (signedAtMs < nowMs - toleranceSeconds * 1000) return refused("timestamp-too-old", "webhook-timestamp is too old");
  if (signedAtMs > nowMs + toleranceSeconds * 1000)
    return refused("timestamp-too-new", "webhook-timestamp is ahead of this clock");
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const signed = Buffer.concat([Buffer.from(`${webhookId}.${timestamp}.`), bytes]);
  if (!isSigned(signed, signatures, keys)) return refused("no-matching-signature", "no signature matches any key");
  return withEvent(bytes, { webhookId, signedAt: new Date(signedAtMs) });
}

const refused = (reason: RefusedReason, message: string): Refused => ({ ok: false, reason, message });

function withEvent(bytes: Uint8Array, of: { webhookId: string; signedAt: Date }): Verified | Refused {
  try {
    return { ok: true, ...of, event: JSON.parse(Buffer.from(bytes).toString("utf8")) as WebhookEvent };
  } catch {
    return refused("not-json", "it is signed, but its body is not JSON");
  }
}

function isSigned(signed: Buffer, header: string, keys: readonly VerifyingKey[]): boolean {
  for (const signature of header.split(" ", signaturesMax)) {
    const comma = signature.indexOf(",");
    const scheme = signature.slice(0, comma);
    const given = Buffer.from(signature.slice(comma + 1), "base64");
    for (const key of keys) if (key.scheme === scheme && matches(key, signed, given)) return true;
  }
  return false;
}

function matches({ scheme, key }: VerifyingKey, signed: Buffer, given: Buffer): boolean {
  if (scheme === "v1a") return verify(null, signed, key, given);
  const expected = createHmac("sha256", key).update(signed).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}
