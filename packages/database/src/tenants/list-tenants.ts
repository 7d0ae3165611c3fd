import type { Database } from "../open-database.ts";
import type { TenantRow } from "./tenant-row.ts";

/** All tenants by id, those after `after`, at most `limit`. */
export async function listTenants(db: Database, page: { after?: string; limit: number }): Promise<TenantRow[]> {
  return await db.prisma.tenant.findMany({
    where: page.after ? { id: { gt: page.after } } : {},
    orderBy: { id: "asc" },
    take: page.limit,
  });
}
