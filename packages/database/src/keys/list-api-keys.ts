import type { Database } from "../open-database.ts";
import { type ShownApiKey, shownColumns } from "./shown-api-key.ts";

/** The tenant's keys by id, revoked ones too, those after `after`, at most `limit`. */
export async function listApiKeys(
  db: Database,
  tenantId: string,
  page: { after?: string; limit: number },
): Promise<ShownApiKey[]> {
  return await db.prisma.apiKey.findMany({
    where: { tenantId, ...(page.after ? { keyId: { gt: page.after } } : {}) },
    orderBy: { keyId: "asc" },
    take: page.limit,
    select: shownColumns,
  });
}
