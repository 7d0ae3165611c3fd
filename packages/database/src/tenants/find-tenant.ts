import type { Database } from "../open-database.ts";
import type { TenantRow } from "./tenant-row.ts";

export async function findTenant(db: Database, id: string): Promise<TenantRow | undefined> {
  return (await db.prisma.tenant.findFirst({ where: { id } })) ?? undefined;
}
