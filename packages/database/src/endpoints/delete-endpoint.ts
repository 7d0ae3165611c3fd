import type { Database } from "../open-database.ts";
import type { ChangedEndpoint } from "./endpoint-row.ts";
import { ofPartner } from "./of-partner.ts";

/** Takes the endpoint away; its row stays for the deliveries that name it. Undefined when there is none. */
export async function deleteEndpoint(
  db: Database,
  tenantId: string,
  id: string,
  partnerId?: string,
): Promise<ChangedEndpoint | undefined> {
  const [endpoint] = await db.prisma.endpoint.updateManyAndReturn({
    where: { tenantId, id, deletedAt: null, ...ofPartner(partnerId) },
    data: { enabled: false, disabledReason: "deleted", deletedAt: new Date() },
  });
  return endpoint && { endpoint, subscriptionVersion: endpoint.version };
}
