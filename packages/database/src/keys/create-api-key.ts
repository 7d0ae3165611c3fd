import type { Database } from "../open-database.ts";

export interface NewApiKey {
  tenantId: string;
  keyId: string;
  /** sha256 of the secret part. */
  secretHash: Uint8Array<ArrayBuffer>;
  scopes: string[];
  name: string;
}

/** Stores a key by the hash of its secret; the key itself is shown once, by who made it. */
export async function createApiKey(db: Database, key: NewApiKey): Promise<void> {
  await db.prisma.apiKey.create({ data: key });
}
