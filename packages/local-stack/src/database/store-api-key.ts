import type { Scope } from "@postback/contracts";
import { createApiKey, type Database } from "@postback/database";
import { hashKeySecret, readApiKey } from "@postback/domain";

/** What a tenant's first key may do: all but what crosses tenants. */
const scopes: readonly Scope[] = [
  "operations:write",
  "operations:read",
  "endpoints:write",
  "endpoints:read",
  "operator",
];

/** Stores a tenant's key by the hash of its secret. @throws Error when it is no key */
export async function storeApiKey(db: Database, tenantId: string, apiKey: string, name: string): Promise<void> {
  const parts = readApiKey(apiKey);
  if (parts === undefined) throw new Error("This is no API key of ours.");
  const secretHash = hashKeySecret(parts.secret);
  await createApiKey(db, { tenantId, keyId: parts.keyId, secretHash, scopes: [...scopes], name });
}
