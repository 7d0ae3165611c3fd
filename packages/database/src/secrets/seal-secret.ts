import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Keyring } from "./keyring.ts";

/** A secret at rest: AES-256-GCM, the 16-byte tag at the end of the ciphertext. */
export interface SealedSecret {
  keyId: string;
  nonce: Buffer;
  ciphertext: Buffer;
}

/** What a sealed secret belongs to; moved to another row it doesn't open. */
export interface SecretPlace {
  tenantId: string;
  endpointId: string;
  version: number;
}

const tagBytes = 16;
const additionalData = (place: SecretPlace) =>
  Buffer.from(`${place.tenantId}|${place.endpointId}|${place.version}`, "utf8");

function keyOf(keyring: Keyring, keyId: string): Buffer {
  const key = keyring.keys.get(keyId);
  if (!key) throw new Error(`the keyring has no key "${keyId}": add it back until secrets are re-wrapped`);
  return key;
}

export function sealSecret(keyring: Keyring, plaintext: string, place: SecretPlace): SealedSecret {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(keyring, keyring.newest), nonce).setAAD(additionalData(place));
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { keyId: keyring.newest, nonce, ciphertext };
}

/** @throws when the key is unknown, or the row was changed or moved */
export function openSecret(keyring: Keyring, sealed: SealedSecret, place: SecretPlace): string {
  const body = sealed.ciphertext.subarray(0, -tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", keyOf(keyring, sealed.keyId), sealed.nonce)
    .setAAD(additionalData(place))
    .setAuthTag(sealed.ciphertext.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new Error(
      `secret ${place.version} of endpoint ${place.endpointId} does not open with the key "${sealed.keyId}" of ` +
        "SECRET_KEYRING: it was sealed with another key of that name, or the row was changed",
      { cause },
    );
  }
}
