import { hash, randomBytes, randomInt } from "node:crypto";
import { apiKeyPattern, type Scope } from "@postback/contracts";
import { createApiKey, type Database } from "@postback/database";

/** What a tenant's first key may do: all but what crosses tenants. */
const scopes: readonly Scope[] = [
  "operations:write",
  "operations:read",
  "endpoints:write",
  "endpoints:read",
  "operator",
];
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const keyIdChars = 12;
const secretBytes = 32;

/** Draws an API key, `pb_<env>_<id>_<secret>`. */
export function newApiKey(env: "dev" | "live"): string {
  const keyId = Array.from({ length: keyIdChars }, () => alphabet[randomInt(alphabet.length)]).join("");
  return `pb_${env}_${keyId}_${randomBytes(secretBytes).toString("base64url")}`;
}

/** The id of a key, by which it is looked up; undefined for what is no key. */
export const keyIdOf = (apiKey: string): string | undefined => apiKeyPattern.exec(apiKey)?.[2];

/** Stores a tenant's key by the hash of its secret. @throws Error when it is no key */
export async function storeApiKey(db: Database, tenantId: string, apiKey: string, name: string): Promise<void> {
  const [, , keyId, secret] = apiKeyPattern.exec(apiKey) ?? [];
  if (keyId === undefined || secret === undefined) throw new Error("This is no API key of ours.");
  const secretHash = new Uint8Array(hash("sha256", secret, "buffer"));
  await createApiKey(db, { tenantId, keyId, secretHash, scopes: [...scopes], name });
}
