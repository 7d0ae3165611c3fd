import { randomBytes } from "node:crypto";
import { parseKeyring, type SubscriptionRow, sealSecret } from "@postback/database";
import { generateSecret, parseSecret } from "@postback/domain";
import { expect, it } from "vitest";
import { type EndingKey, keysThatSign } from "./signing-keys.ts";
import { toSubscription } from "./subscription.ts";

const keyring = parseKeyring(`k1:${randomBytes(32).toString("base64")}`);
const place = { tenantId: "t", endpointId: "e" };

function secretRow(version: number, text: string, expiresInMs: number | null): SubscriptionRow["secrets"][number] {
  const { keyId, nonce, ciphertext } = sealSecret(keyring, text, { ...place, version });
  return { version, keyId, nonce: nonce.toString("base64"), ciphertext: ciphertext.toString("base64"), expiresInMs };
}

const row = (given: Partial<SubscriptionRow> = {}): SubscriptionRow => ({
  ...place,
  url: "https://partner.example/hook",
  events: ["order.*"],
  filter: null,
  headers: null,
  ordering: "none",
  orderSkipAttempts: null,
  orderSkipSeconds: null,
  ratePerSecond: null,
  concurrency: null,
  timeoutMs: null,
  retrySchedule: null,
  partnerId: null,
  partnerGrant: null,
  format: "standard",
  handshake: false,
  enabled: true,
  deleted: false,
  version: "1",
  secrets: [],
  ...given,
});

it("signs under all secrets that sign now, the newest first, whatever their schemes", () => {
  const secrets = [secretRow(2, generateSecret("v1a"), null), secretRow(1, generateSecret("v1"), 60_000)];
  const { keys } = toSubscription(row({ secrets }), keyring, "webhooks.example");
  expect(keysThatSign(keys, Date.now()).map(({ scheme }) => scheme)).toEqual(["v1a", "v1"]);
  expect(keysThatSign(keys, Date.now() + 61_000).map(({ scheme }) => scheme)).toEqual(["v1a"]);
});

it("a key stops to sign at its end, though nothing is loaded anew", () => {
  const key = parseSecret(generateSecret());
  if (key === undefined) throw new Error("not a secret");
  const keys: EndingKey[] = [
    { ...key, endsAtMs: Number.POSITIVE_INFINITY },
    { ...key, endsAtMs: 2000 },
    { ...key, endsAtMs: 1000 },
  ];
  expect([999, 1000, 1999, 2000].map((nowMs) => keysThatSign(keys, nowMs).length)).toEqual([3, 2, 2, 1]);
  expect(keysThatSign([], 0)).toEqual([]);
});

it("is refused with a filter that this version doesn't know, because without it too much would be told", () => {
  expect(() => toSubscription(row({ filter: { data: { a: { $later: 1 } } } }), keyring, "webhooks.example")).toThrow(
    /endpoint e .*\$later/,
  );
  expect(
    toSubscription(row({ filter: { data: { a: 1 } } }), keyring, "webhooks.example").filter?.matches({
      data: { a: 1 },
    }),
  ).toBe(true);
  expect(toSubscription(row(), keyring, "webhooks.example").filter).toBeUndefined();
});
