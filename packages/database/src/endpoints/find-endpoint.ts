import type { Database } from "../open-database.ts";
import type { EndpointRow } from "./endpoint-row.ts";

export async function findEndpoint(db: Database, tenantId: string, id: string): Promise<EndpointRow | undefined> {
  return (await db.prisma.endpoint.findFirst({ where: { tenantId, id, deletedAt: null } })) ?? undefined;
}
