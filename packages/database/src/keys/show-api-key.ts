import type { Database } from "../open-database.ts";
import { type ShownApiKey, shownColumns } from "./shown-api-key.ts";

/** The tenant's key of that id, also when it was revoked. */
export async function showApiKey(db: Database, tenantId: string, keyId: string): Promise<ShownApiKey | undefined> {
  return (await db.prisma.apiKey.findFirst({ where: { tenantId, keyId }, select: shownColumns })) ?? undefined;
}
