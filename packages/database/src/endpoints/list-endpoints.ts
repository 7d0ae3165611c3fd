import type { Database } from "../open-database.ts";
import type { EndpointRow } from "./endpoint-row.ts";
import { ofPartner } from "./of-partner.ts";

/** The tenant's endpoints, or a partner's own, by id, those after `after`, at most `limit`. */
export async function listEndpoints(
  db: Database,
  tenantId: string,
  page: { after?: string; limit: number; partnerId?: string },
): Promise<EndpointRow[]> {
  return await db.prisma.endpoint.findMany({
    where: {
      tenantId,
      deletedAt: null,
      ...ofPartner(page.partnerId),
      ...(page.after ? { id: { gt: page.after } } : {}),
    },
    orderBy: { id: "asc" },
    take: page.limit,
  });
}
