import type { Database } from "../open-database.ts";
import { type ShownApiKey, shownColumns } from "./shown-api-key.ts";

/** What of a key may be changed. `undefined` leaves a field as it is. */
export interface ApiKeyChanges {
  name?: string;
  expiresAt?: Date | null;
}

/** Changes what is given; undefined when the tenant has no such key. */
export async function updateApiKey(
  db: Database,
  tenantId: string,
  keyId: string,
  changes: ApiKeyChanges,
): Promise<ShownApiKey | undefined> {
  const [key] = await db.prisma.apiKey.updateManyAndReturn({
    where: { tenantId, keyId },
    data: changes,
    select: shownColumns,
  });
  return key;
}
