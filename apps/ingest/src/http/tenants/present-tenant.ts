import type { Tenant } from "@postback/contracts";
import type { TenantRow } from "@postback/database";

export const presentTenant = (row: TenantRow): Tenant => ({
  id: row.id,
  name: row.name,
  ...(row.requestsPerSecond === null ? {} : { quota: { requestsPerSecond: row.requestsPerSecond } }),
  enabled: row.disabledAt === null,
  ...(row.disabledAt === null ? {} : { disabledAt: row.disabledAt.toISOString() }),
  createdAt: row.createdAt.toISOString(),
});
