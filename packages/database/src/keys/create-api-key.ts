import type { Database } from "../open-database.ts";
import type { ShownApiKey } from "./shown-api-key.ts";
import { shownColumns } from "./shown-api-key.ts";

export interface NewApiKey {
  tenantId: string;
  keyId: string;
  /** sha256 of the secret part. */
  secretHash: Uint8Array<ArrayBuffer>;
  scopes: string[];
  name: string;
  partnerId?: string;
  expiresAt?: Date;
}

/** Stores a key by the hash of its secret; the key itself is shown once, by who made it. */
export async function createApiKey(db: Database, key: NewApiKey): Promise<ShownApiKey> {
  return await db.prisma.apiKey.create({ data: key, select: shownColumns });
}
