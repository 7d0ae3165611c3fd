import { createPublicKey, verify } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { formatPublicKey, generateSecret, parseSecret, publicKeyOf, type SigningKey, signWebhook } from "./signing.ts";

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

describe("signWebhook with v1a", () => {
  // The vector of the reference server (svix-webhooks, asymmetric endpoint secrets).
  const secret = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
  const message = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampSeconds: 1614265330,
    body: '{"test": 2432232314}',
  };

  it("gives the signature of the published vector, of text and of bytes", () => {
    const expected = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    expect(signWebhook({ ...message, secrets: [keyOf(secret)] })).toBe(expected);
    const body = Buffer.from(message.body);
    expect(signWebhook({ ...message, body, secrets: [keyOf(secret)] })).toBe(expected);
    expect(formatPublicKey(publicKeyOf(keyOf(secret)) ?? Buffer.alloc(0))).toBe(
      "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    );
  });

  it("is verified with the public key alone, beside a v1 signature while the scheme is changed", () => {
    const [v1a, v1] = [keyOf(generateSecret("v1a")), keyOf(generateSecret())];
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const header = signWebhook({ ...message, timestampSeconds, secrets: [v1a, v1] });
    const [first = "", second = ""] = header.split(" ");
    expect(second).toMatch(/^v1,/);
    const x = publicKeyOf(v1a)?.toString("base64url") ?? "";
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signature = Buffer.from(first.slice("v1a,".length), "base64");
    const signed = (body: string) => Buffer.from(`${message.id}.${timestampSeconds}.${body}`);
    expect(verify(null, signed(message.body), publicKey, signature)).toBe(true);
    expect(verify(null, signed(`${message.body} `), publicKey, signature)).toBe(false);
    // The reference library reads v1 alone, and isn't put off by what stands beside it.
    const headers = {
      "webhook-id": message.id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": header,
    };
    const shared = `whsec_${v1.key.export().toString("base64")}`;
    expect(new StandardWebhook(shared).verify(message.body, headers)).toEqual({ test: 2432232314 });
  });

  it("reads what it made, and refuses halves that don't belong together", () => {
    const made = generateSecret("v1a");
    expect(made).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/);
    expect(keyOf(made).scheme).toBe("v1a");
    const bytes = Buffer.from(made.slice(5), "base64");
    const other = Buffer.from(generateSecret("v1a").slice(5), "base64");
    const mixed = Buffer.concat([bytes.subarray(0, 32), other.subarray(32)]);
    for (const broken of [mixed, bytes.subarray(0, 32), Buffer.alloc(64)]) {
      expect(parseSecret(`whsk_${broken.toString("base64")}`)).toBeUndefined();
    }
    expect(publicKeyOf(keyOf(generateSecret()))).toBeUndefined();
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
