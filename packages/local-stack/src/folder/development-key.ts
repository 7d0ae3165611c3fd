import { hash, randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { apiKeyPattern, type Scope } from "@postback/contracts";
import { createApiKey, createTenant, type Database, findApiKey } from "@postback/database";
import { keptSecret } from "./kept-secret.ts";

/** The one tenant of a development installation. */
export const developmentTenant = { id: "0193fa11-de00-7000-8000-000000000001", name: "Development" };

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

/**
 * The tenant and its API key, made where they lack. The key is kept in the folder, since the database has only its hash;
 * a database that doesn't know it (a new one, or another) gets it.
 * @returns the key, `pb_dev_<id>_<secret>`
 * @throws Error when the kept file holds no key
 */
export async function ensureDevelopmentKey(db: Database, folder: string): Promise<string> {
  const file = join(folder, "api-key");
  const apiKey = keptSecret(file, newKey);
  const [, , keyId, secret] = apiKeyPattern.exec(apiKey) ?? [];
  if (keyId === undefined || secret === undefined) throw new Error(`${file} holds no API key: remove it.`);
  const tenantId = developmentTenant.id;
  await createTenant(db, developmentTenant);
  if ((await findApiKey(db, keyId)) === undefined) {
    const secretHash = new Uint8Array(hash("sha256", secret, "buffer"));
    await createApiKey(db, { tenantId, keyId, secretHash, scopes: [...scopes], name: "development" });
  }
  return apiKey;
}

function newKey(): string {
  const keyId = Array.from({ length: keyIdChars }, () => alphabet[randomInt(alphabet.length)]).join("");
  return `pb_dev_${keyId}_${randomBytes(secretBytes).toString("base64url")}`;
}
