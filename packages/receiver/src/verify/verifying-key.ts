import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";

/** What verifies signatures of one scheme: v1 is HMAC-SHA256, v1a is ed25519. */
export interface VerifyingKey {
  readonly scheme: "v1" | "v1a";
  readonly key: KeyObject;
}

/** Where keys come from that change without a restart. */
export interface KeySource {
  keys(): Promise<readonly VerifyingKey[]>;
  /** Asked when no signature matched: newer keys, or undefined where there can't be any yet. */
  refreshed(): Promise<readonly VerifyingKey[] | undefined>;
}

const secretPrefix = "whsec_";
const publicKeyPrefix = "whpk_";
const publicKeyBytes = 32;
/** Standard Webhooks 1.0, "Symmetric". */
const secretBytes = { min: 24, max: 64 };

/**
 * Reads a shared secret (`whsec_…`) or a public key (`whpk_…`).
 * @throws Error that says what is wrong and never repeats the secret
 */
export function parseKey(text: string): VerifyingKey {
  if (text.startsWith(publicKeyPrefix)) return publicKeyFrom(decoded(text, publicKeyPrefix));
  if (text.startsWith("whsk_")) throw new Error("a private key (whsk_) signs; verify with its public key (whpk_)");
  if (!text.startsWith(secretPrefix)) throw new Error("a key begins with whsec_ or whpk_");
  const bytes = decoded(text, secretPrefix);
  if (bytes.length < secretBytes.min || bytes.length > secretBytes.max) {
    throw new Error(`a secret has ${secretBytes.min} to ${secretBytes.max} bytes, this one has ${bytes.length}`);
  }
  return { scheme: "v1", key: createSecretKey(bytes) };
}

/** @throws Error where it isn't 32 bytes */
export function publicKeyFrom(bytes: Uint8Array): VerifyingKey {
  if (bytes.length !== publicKeyBytes) throw new Error(`a public key has 32 bytes, this one has ${bytes.length}`);
  const x = Buffer.from(bytes).toString("base64url");
  return { scheme: "v1a", key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }) };
}

function decoded(text: string, prefix: string): Buffer {
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, "base64");
  // Buffer skips what isn't base64: a secret that was cut off or mistyped would verify nothing, without a word.
  if (bytes.toString("base64") !== encoded) throw new Error(`what follows ${prefix} is not base64`);
  return bytes;
}
