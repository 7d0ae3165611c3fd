import type { Database } from "../open-database.ts";
import type { EndpointRow } from "./endpoint-row.ts";

/** The tenant's endpoints by id, those after `after`, at most `limit`. */
export async function listEndpoints(
  db: Database,
  tenantId: string,
  page: { after?: string; limit: number },
): Promise<EndpointRow[]> {
  return await db.prisma.endpoint.findMany({
    where: { tenantId, deletedAt: null, ...(page.after ? { id: { gt: page.after } } : {}) },
    orderBy: { id: "asc" },
    take: page.limit,
  });
}
