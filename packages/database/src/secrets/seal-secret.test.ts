import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseKeyring } from "./keyring.ts";
import { openSecret, sealSecret } from "./seal-secret.ts";

const key = () => randomBytes(32).toString("base64");
const place = { tenantId: "t", endpointId: "e", version: 1 };

describe("sealed secrets", () => {
  it("open again under the key that sealed them, also when a newer key came in front", () => {
    const old = `k1:${key()}`;
    const sealed = sealSecret(parseKeyring(old), "whsec_x", place);
    expect(openSecret(parseKeyring(`k2:${key()},${old}`), sealed, place)).toBe("whsec_x");
  });

  it("do not open in another row, nor when a byte was changed", () => {
    const keyring = parseKeyring(`k1:${key()}`);
    const sealed = sealSecret(keyring, "whsec_x", place);
    expect(() => openSecret(keyring, sealed, { ...place, version: 2 })).toThrow();
    sealed.ciphertext.writeUInt8(sealed.ciphertext.readUInt8(0) ^ 1, 0);
    expect(() => openSecret(keyring, sealed, place)).toThrow(/endpoint e does not open with the key "k1"/);
  });

  it("say which key is missing, and never show one", () => {
    const sealed = sealSecret(parseKeyring(`old:${key()}`), "whsec_x", place);
    expect(() => openSecret(parseKeyring(`new:${key()}`), sealed, place)).toThrow(/"old"/);
    expect(() => parseKeyring("k1:short")).toThrow(/32 bytes/);
    expect(() => parseKeyring("k1:short")).not.toThrow(/short/);
  });
});
