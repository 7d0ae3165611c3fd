import { hash, randomBytes, randomInt } from "node:crypto";

/** What an API key consists of: `pb_<env>_<keyId>_<secret><checksum>`. */
export type ApiKeyParts = { readonly env: string; readonly keyId: string; readonly secret: string };

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const KEY_ID_CHARS = 12;
const SECRET_BYTES = 32;
const CHECKSUM_CHARS = 6;

/** The checksum may be missing: keys that were made before there was one have none. */
const API_KEY = /^pb_([a-z]{2,8})_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})([A-Za-z0-9]{6})?$/;
const KEY_ID = /^[A-Za-z0-9]{12}$/;

/**
 * Draws an API key. Its beginning tells scanners of secrets what it is, its end that it was copied whole.
 * @param env 2 to 8 lower-case letters
 */
export function drawApiKey(env: string): string {
  const keyId = Array.from({ length: KEY_ID_CHARS }, () => LETTERS[randomInt(LETTERS.length)]).join("");
  const key = `${apiKeyPrefix(env, keyId)}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return key + checksumOf(key);
}

/** What of a key may be shown: it says which one it is, and opens nothing. */
export const apiKeyPrefix = (env: string, keyId: string): string => `pb_${env}_${keyId}`;

/** The parts of a key; undefined for what is none, also where its checksum says that it was mistyped. */
export function readApiKey(text: string): ApiKeyParts | undefined {
  const [, env, keyId, secret, checksum] = API_KEY.exec(text) ?? [];
  if (env === undefined || keyId === undefined || secret === undefined) return undefined;
  if (checksum !== undefined && checksum !== checksumOf(text.slice(0, -CHECKSUM_CHARS))) return undefined;
  return { env, keyId, secret };
}

/** Whether a text may be the id of a key. */
export const isKeyId = (text: string): boolean => KEY_ID.test(text);

/** What is kept of a key's secret: it has 256 bits, so that one round of SHA-256 is as good as any number. */
export const hashKeySecret = (secret: string): Buffer<ArrayBuffer> =>
  Buffer.from(hash("sha256", secret, "buffer")) as Buffer<ArrayBuffer>;

/**
 * What is kept of a key: which one it is, and the hash of its secret.
 * @throws RangeError for what is no key, as of an environment that isn't 2 to 8 lower-case letters
 */
export function keptOfApiKey(apiKey: string): { keyId: string; secretHash: Buffer<ArrayBuffer> } {
  const parts = readApiKey(apiKey);
  if (parts === undefined) throw new RangeError("the environment of an API key has 2 to 8 lower-case letters");
  return { keyId: parts.keyId, secretHash: hashKeySecret(parts.secret) };
}

/** 6 digits to the base 62 out of SHA-256: a mistake is found with a certainty of 1 - 2^-35, and no secret is given away. */
function checksumOf(key: string): string {
  let rest = hash("sha256", key, "buffer").readUIntBE(0, 6);
  let digits = "";
  for (let count = 0; count < CHECKSUM_CHARS; count += 1) {
    digits += LETTERS[rest % LETTERS.length];
    rest = Math.floor(rest / LETTERS.length);
  }
  return digits;
}
