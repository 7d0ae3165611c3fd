import type { Database } from "../open-database.ts";
import type { PartnerRow } from "./partner-row.ts";

/** The tenant's partners by id, those after `after`, at most `limit`. */
export async function listPartners(
  db: Database,
  tenantId: string,
  page: { after?: string; limit: number },
): Promise<PartnerRow[]> {
  return await db.prisma.partner.findMany({
    where: { tenantId, deletedAt: null, ...(page.after ? { id: { gt: page.after } } : {}) },
    orderBy: { id: "asc" },
    take: page.limit,
  });
}
