import type { Database } from "../open-database.ts";

/** Makes the tenant where it isn't there. */
export async function createTenant(db: Database, tenant: { id: string; name: string }): Promise<void> {
  await db.prisma.tenant.upsert({ where: { id: tenant.id }, create: tenant, update: {} });
}
