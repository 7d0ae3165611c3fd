import type { Database } from "../open-database.ts";
import { endpointData } from "./endpoint-data.ts";
import type { ChangedEndpoint, EndpointSettings } from "./endpoint-row.ts";
import { ofPartner } from "./of-partner.ts";

/** Changes what is given; undefined when the tenant, or its partner, has no such endpoint. */
export async function updateEndpoint(
  db: Database,
  tenantId: string,
  id: string,
  settings: EndpointSettings,
  partnerId?: string,
): Promise<ChangedEndpoint | undefined> {
  const [endpoint] = await db.prisma.endpoint.updateManyAndReturn({
    where: { tenantId, id, deletedAt: null, ...ofPartner(partnerId) },
    data: endpointData(settings),
  });
  return endpoint && { endpoint, subscriptionVersion: endpoint.version };
}
