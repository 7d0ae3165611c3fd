import type { ApiKey } from "@postback/contracts";
import type { ShownApiKey } from "@postback/database";
import { apiKeyPrefix } from "@postback/domain";

/** A key as the API shows it: what it begins with, and nothing that opens anything. */
export const presentApiKey = (row: ShownApiKey, env: string): ApiKey => ({
  id: row.keyId,
  name: row.name,
  prefix: apiKeyPrefix(env, row.keyId),
  scopes: row.scopes as ApiKey["scopes"],
  ...(row.partnerId === null ? {} : { partner: row.partnerId }),
  createdAt: row.createdAt.toISOString(),
  ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt.toISOString() }),
  ...(row.revokedAt === null ? {} : { revokedAt: row.revokedAt.toISOString() }),
  ...(row.lastUsedAt === null ? {} : { lastUsedAt: row.lastUsedAt.toISOString() }),
});
