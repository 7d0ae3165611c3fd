import type { Database } from "../open-database.ts";

export interface NewTenant {
  id: string;
  name: string;
  /** Of each of its keys; default: as the configuration says. */
  requestsPerSecond?: number;
}

/** Makes the tenant where it isn't there. */
export async function createTenant(db: Database, tenant: NewTenant): Promise<void> {
  await db.prisma.tenant.upsert({ where: { id: tenant.id }, create: tenant, update: {} });
}
