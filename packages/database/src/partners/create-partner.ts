import type { Prisma } from "../generated/client.ts";
import type { Database } from "../open-database.ts";
import type { KeptGrant, PartnerRow } from "./partner-row.ts";

export interface NewPartner {
  id: string;
  name: string;
  grant: KeptGrant;
}

export async function createPartner(db: Database, tenantId: string, row: NewPartner): Promise<PartnerRow> {
  const grant = row.grant as Prisma.InputJsonObject;
  return await db.prisma.partner.create({ data: { tenantId, id: row.id, name: row.name, grant } });
}
