import type { Database } from "../open-database.ts";
import type { EndpointRow } from "./endpoint-row.ts";
import { ofPartner } from "./of-partner.ts";

/** @param partnerId finds it only where it is this partner's; undefined: whosever it is in the tenant */
export async function findEndpoint(
  db: Database,
  tenantId: string,
  id: string,
  partnerId?: string,
): Promise<EndpointRow | undefined> {
  const where = { tenantId, id, deletedAt: null, ...ofPartner(partnerId) };
  return (await db.prisma.endpoint.findFirst({ where })) ?? undefined;
}
