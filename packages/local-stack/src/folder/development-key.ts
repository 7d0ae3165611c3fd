import { join } from "node:path";
import { createTenant, type Database, findApiKey } from "@postback/database";
import { drawApiKey, readApiKey } from "@postback/domain";
import { storeApiKey } from "../database/store-api-key.ts";
import { keptSecret } from "./kept-secret.ts";

/** The one tenant of a development installation. */
export const developmentTenant = { id: "0193fa11-de00-7000-8000-000000000001", name: "Development" };

/**
 * The tenant and its API key, made where they lack. The key is kept in the folder, since the database has only its hash;
 * a database that doesn't know it (a new one, or another) gets it.
 * @returns the key, `pb_dev_<id>_<secret>`
 * @throws Error when the kept file holds no key
 */
export async function ensureDevelopmentKey(db: Database, folder: string): Promise<string> {
  const file = join(folder, "api-key");
  const apiKey = keptSecret(file, () => drawApiKey("dev"));
  const keyId = readApiKey(apiKey)?.keyId;
  if (keyId === undefined) throw new Error(`${file} holds no API key: remove it.`);
  await createTenant(db, developmentTenant);
  if ((await findApiKey(db, keyId)) === undefined) {
    await storeApiKey(db, developmentTenant.id, apiKey, "development");
  }
  return apiKey;
}
