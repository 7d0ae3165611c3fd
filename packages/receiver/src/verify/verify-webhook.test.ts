import { formatPublicKey, generateSecret as newSecret, parseSecret, publicKeyOf, signWebhook } from "@postback/domain";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { verifyWebhook } from "./verify-webhook.ts";
import { parseKey, type VerifyingKey } from "./verifying-key.ts";

const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const timestampSeconds = 1614265330;
const body = '{"test": 2432232314}';
const nowMs = timestampSeconds * 1000;
/** The vectors of the reference implementations (standard-webhooks/standard-webhooks, svix-webhooks). */
const v1 = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const v1a = {
  publicKey: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
  signature: "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
};

const headersWith = (signature: string, more: Record<string, string> = {}) => ({
  "webhook-id": id,
  "webhook-timestamp": String(timestampSeconds),
  "webhook-signature": signature,
  ...more,
});
const verified = (
  signature: string,
  keys: readonly VerifyingKey[],
  of: { body?: string | Uint8Array; nowMs?: number } = {},
) => verifyWebhook({ body: of.body ?? body, headers: headersWith(signature) }, keys, { nowMs: of.nowMs ?? nowMs });

describe("verifyWebhook", () => {
  it.each([
    ["v1", v1.signature, v1.secret],
    ["v1a", v1a.signature, v1a.publicKey],
  ])("takes the published vector of %s, as text and as bytes, and no other body", (_scheme, signature, key) => {
    const keys = [parseKey(key)];
    const expected = { ok: true, webhookId: id, signedAt: new Date(nowMs), event: { test: 2432232314 } };
    expect(verified(signature, keys)).toEqual(expected);
    expect(verified(signature, keys, { body: Buffer.from(body) })).toEqual(expected);
    expect(verified(signature, keys, { body: `${body} ` })).toMatchObject({
      ok: false,
      reason: "no-matching-signature",
    });
  });

  it("takes any of several signatures, and any of several keys, and passes over what it doesn't know", () => {
    const others = [parseKey(newSecret()), parseKey(v1.secret)];
    for (const signature of [`v2,abc ${v1.signature}`, `v1,AAAA ${v1.signature}`, `${v1a.signature} ${v1.signature}`]) {
      expect(verified(signature, others).ok).toBe(true);
    }
    expect(verified(v1.signature, [parseKey(newSecret())]).ok).toBe(false);
  });

  it("never takes a signature of one scheme for another's", () => {
    const keys = [parseKey(v1.secret), parseKey(v1a.publicKey)];
    const swapped = [v1.signature.replace("v1,", "v1a,"), v1a.signature.replace("v1a,", "v1,")];
    for (const signature of swapped) expect(verified(signature, keys).ok).toBe(false);
  });

  it.each(["", "v1", "v1,", ",", "v1a,", "v1,====", `v1,${"A".repeat(10_000)}`, "v1 v1 v1"])(
    "refuses the signature %j without throwing",
    (signature) => {
      expect(verified(signature, [parseKey(v1.secret), parseKey(v1a.publicKey)]).ok).toBe(false);
    },
  );

  it("reads a bounded number of signatures", () => {
    const many = Array.from({ length: 20 }, () => "v1,AAAA").join(" ");
    expect(verified(`${many} ${v1.signature}`, [parseKey(v1.secret)]).ok).toBe(false);
  });

  it("takes timestamps within 5 minutes of its clock, in both directions", () => {
    const keys = [parseKey(v1.secret)];
    const at = (offsetSeconds: number) => verified(v1.signature, keys, { nowMs: nowMs + offsetSeconds * 1000 });
    expect([at(-300), at(300)].map(({ ok }) => ok)).toEqual([true, true]);
    expect(at(301)).toMatchObject({ reason: "timestamp-too-old" });
    expect(at(-301)).toMatchObject({ reason: "timestamp-too-new" });
    const wide = { nowMs: nowMs + 3_000_000, toleranceSeconds: 3000 };
    expect(verifyWebhook({ body, headers: headersWith(v1.signature) }, keys, wide).ok).toBe(true);
  });

  it.each(["", "1.5", "-1", "1e9", "0x10", " 1", "9".repeat(13)])("refuses the timestamp %j", (timestamp) => {
    const headers = headersWith(v1.signature, { "webhook-timestamp": timestamp });
    expect(verifyWebhook({ body, headers }, [parseKey(v1.secret)], { nowMs }).ok).toBe(false);
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("needs the header %s, once", (name) => {
    for (const value of [undefined, ["a", "b"]]) {
      const headers = { ...headersWith(v1.signature), [name]: value };
      expect(verifyWebhook({ body, headers }, [parseKey(v1.secret)], { nowMs })).toMatchObject({
        reason: "missing-header",
      });
    }
  });

  it("reads headers of fetch, too", () => {
    const headers = new Headers(headersWith(v1.signature));
    expect(verifyWebhook({ body, headers }, [parseKey(v1.secret)], { nowMs }).ok).toBe(true);
  });
});

describe("with Postback's own signer", () => {
  const bodies = ['{"type":"order.placed","data":{}}', '{"name":"Zoë 😀"}', `{"big":"${"x".repeat(200_000)}"}`];

  it.each(bodies)("agrees, as do both official libraries where they know the scheme: %.40s", (text) => {
    const [shared, asymmetric] = [newSecret("v1"), newSecret("v1a")];
    const secrets = [shared, asymmetric].map(signingKey);
    const seconds = Math.floor(Date.now() / 1000);
    const headers = {
      "webhook-id": "e1",
      "webhook-timestamp": String(seconds),
      "webhook-signature": signWebhook({ id: "e1", timestampSeconds: seconds, body: text, secrets }),
    };
    const publicKey = formatPublicKey(publicKeyOf(signingKey(asymmetric)) ?? Buffer.alloc(0));
    for (const key of [shared, publicKey]) {
      expect(verifyWebhook({ body: text, headers }, [parseKey(key)])).toMatchObject({ event: JSON.parse(text) });
    }
    // Both know v1 alone, and pass over the other signature.
    expect(new StandardWebhook(shared).verify(text, headers)).toEqual(JSON.parse(text));
    expect(() => new SvixWebhook(shared).verify(text, headers)).not.toThrow();
  });

  it.each([
    ["standardwebhooks", (secret: string, at: Date) => new StandardWebhook(secret).sign("e1", at, "{}")],
    ["svix", (secret: string, at: Date) => new SvixWebhook(secret).sign("e1", at, "{}")],
  ])("takes what %s signs", (_library, sign) => {
    const secret = newSecret();
    const at = new Date();
    const headers = {
      "webhook-id": "e1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": sign(secret, at),
    };
    expect(verifyWebhook({ body: "{}", headers }, [parseKey(secret)]).ok).toBe(true);
  });
});

describe("parseKey", () => {
  it.each([
    ["", "begins with"],
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with"],
    ["whsec_not base64 at all!", "not base64"],
    [`whsec_${Buffer.alloc(23).toString("base64")}`, "has 23"],
    [`whsec_${Buffer.alloc(65).toString("base64")}`, "has 65"],
    [`whpk_${Buffer.alloc(31).toString("base64")}`, "has 31"],
    [newSecret("v1a"), "public key"],
  ])("refuses %.12s… and says why, without repeating it", (text, why) => {
    expect(() => parseKey(text)).toThrow(why);
    if (text.length > 10) expect(() => parseKey(text)).not.toThrow(text.slice(6, 20));
  });
});

function signingKey(secret: string) {
  const key = parseSecret(secret);
  if (key === undefined) throw new Error("not a secret");
  return key;
}
