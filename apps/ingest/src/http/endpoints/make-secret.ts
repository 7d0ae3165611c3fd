import type { SignatureScheme } from "@postback/contracts";
import { type Keyring, type NewEndpointSecret, type SecretPlace, sealSecret } from "@postback/database";
import { formatPublicKey, generateSecret, parseSecret, publicKeyOf } from "@postback/domain";

/** What the receiver gets: a shared secret, or the public key alone. */
export type ShownSecret = { secret: string } | { publicKey: string; keyId: string };

/** A new secret for its place, sealed, and what is shown of it. */
export function makeSecret(
  keyring: Keyring,
  algorithm: SignatureScheme,
  place: SecretPlace,
): { secret: NewEndpointSecret; shown: ShownSecret } {
  const text = generateSecret(algorithm);
  const publicKey = publicKeyIn(text);
  const secret = { ...sealSecret(keyring, text, place), algorithm };
  return { secret: publicKey === undefined ? secret : { ...secret, publicKey }, shown: showSecretText(text, place) };
}

/** The private key of v1a never leaves: whoever verifies needs the public one alone. */
export function showSecretText(text: string, place: SecretPlace): ShownSecret {
  const publicKey = publicKeyIn(text);
  if (publicKey === undefined) return { secret: text };
  return { publicKey: formatPublicKey(publicKey), keyId: keyIdOf(place) };
}

/** `kid` in the tenant's key set: the endpoint is in it, so that a receiver takes the keys of its own endpoint alone. */
export const keyIdOf = ({ endpointId, version }: Pick<SecretPlace, "endpointId" | "version">): string =>
  `${endpointId}.${version}`;

function publicKeyIn(text: string): Buffer | undefined {
  const key = parseSecret(text);
  if (key === undefined) throw new Error("a secret of an endpoint is neither whsec_ nor whsk_");
  return publicKeyOf(key);
}
