import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { generateSecret, parseSecret, type SigningKey, signWebhook } from "./signing.ts";

function keyOf(secret: string): SigningKey {
  const key = parseSecret(secret);
  if (!key) throw new Error(`not a secret: ${secret}`);
  return key;
}

describe("signWebhook", () => {
  it("gives the signature of the published vector", () => {
    // The vector of the reference libraries (standard-webhooks/standard-webhooks, svix-webhooks).
    const signature = signWebhook({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestampSeconds: 1614265330,
      body: '{"test": 2432232314}',
      secrets: [keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    });
    expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  const bodies = [
    ["an event", '{"type":"order.placed"}'],
    ["characters beyond ASCII", '{"name":"Zoë 😀"}'],
    ["an empty object", "{}"],
    ["200 kB", `{"big":"${"x".repeat(200_000)}"}`],
  ] as const;

  it.each(bodies)("is verified by standardwebhooks and svix: %s", (_what, text) => {
    const secret = generateSecret();
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const id = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
    for (const body of [text, Buffer.from(text)]) {
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(timestampSeconds),
        "webhook-signature": signWebhook({ id, timestampSeconds, body, secrets: [keyOf(secret)] }),
      };
      expect(new StandardWebhook(secret).verify(text, headers)).toEqual(JSON.parse(text));
      expect(() => new SvixWebhook(secret).verify(text, headers)).not.toThrow();
      for (const Verifier of [StandardWebhook, SvixWebhook]) {
        expect(() => new Verifier(secret).verify(`${text} `, headers)).toThrow("No matching signature");
      }
    }
  });

  it("signs with the old and the new secret while rotating, and each alone verifies it", () => {
    const [before, after] = [generateSecret(), generateSecret()];
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const signature = signWebhook({ id: "e1", timestampSeconds, body: "{}", secrets: [keyOf(after), keyOf(before)] });
    const headers = {
      "webhook-id": "e1",
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": signature,
    };
    expect(signature.split(" ")).toHaveLength(2);
    for (const secret of [before, after]) expect(new StandardWebhook(secret).verify("{}", headers)).toEqual({});
    expect(() => new StandardWebhook(generateSecret()).verify("{}", headers)).toThrow();
  });
});

describe("parseSecret", () => {
  it("reads what generateSecret made, 32 bytes each time anew", () => {
    const secret = generateSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(generateSecret()).not.toBe(secret);
    expect(keyOf(secret).key.export()).toEqual(Buffer.from(secret.slice(6), "base64"));
  });

  it.each([24, 64])("takes %i bytes", (size) => {
    expect(parseSecret(`whsec_${Buffer.alloc(size, 7).toString("base64")}`)).toBeDefined();
  });

  it.each([
    "",
    "whsec_",
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_not base64 at all, but long enough!",
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    `whsec_${Buffer.alloc(32).toString("base64").replace("=", "")}`,
  ])("refuses %j", (secret) => {
    expect(parseSecret(secret)).toBeUndefined();
  });
});
