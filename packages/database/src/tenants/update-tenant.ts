import type { Database } from "../open-database.ts";
import type { TenantChanges, TenantRow } from "./tenant-row.ts";

/** Changes what is given; undefined when there is no such tenant. Every ingest is told of what concerns keys. */
export async function updateTenant(
  db: Database,
  id: string,
  { enabled, ...changes }: TenantChanges,
): Promise<TenantRow | undefined> {
  // Disabling twice keeps the first time.
  if (enabled === false) {
    await db.prisma.tenant.updateMany({ where: { id, disabledAt: null }, data: { disabledAt: new Date() } });
  }
  const data = { ...changes, ...(enabled === true ? { disabledAt: null } : {}) };
  const [tenant] = await db.prisma.tenant.updateManyAndReturn({ where: { id }, data });
  return tenant;
}
