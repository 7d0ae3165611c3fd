import type { Database } from "../open-database.ts";
import type { PartnerRow } from "./partner-row.ts";

export async function findPartner(db: Database, tenantId: string, id: string): Promise<PartnerRow | undefined> {
  return (await db.prisma.partner.findFirst({ where: { tenantId, id, deletedAt: null } })) ?? undefined;
}
