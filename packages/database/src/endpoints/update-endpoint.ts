import type { Prisma } from "../generated/client.ts";
import type { Database } from "../open-database.ts";
import { endpointData } from "./endpoint-data.ts";
import type { ChangedEndpoint, EndpointSettings } from "./endpoint-row.ts";
import { ofPartner } from "./of-partner.ts";

/**
 * Changes what is given; undefined when the tenant, or its partner, has no such endpoint, or when a batch would not fit the
 * rest of it.
 */
export async function updateEndpoint(
  db: Database,
  tenantId: string,
  id: string,
  settings: EndpointSettings,
  partnerId?: string,
): Promise<ChangedEndpoint | undefined> {
  const [endpoint] = await db.prisma.endpoint.updateManyAndReturn({
    where: { tenantId, id, deletedAt: null, ...ofPartner(partnerId), ...fitting(settings) },
    data: endpointData(settings),
  });
  return endpoint && { endpoint, subscriptionVersion: endpoint.version };
}

/** The rows that may be changed so: a batch never comes together with a form or an order that goes one event at a time. */
function fitting({ batchMaxEvents, format, ordering }: EndpointSettings): Prisma.EndpointWhereInput {
  if (batchMaxEvents === undefined) {
    const isSingle = format === "cloudevents-binary" || (ordering ?? "none") !== "none";
    return isSingle ? { batchMaxEvents: null } : {};
  }
  if (batchMaxEvents === null) return {};
  return {
    ...(format === undefined ? { format: { not: "cloudevents-binary" } } : {}),
    ...(ordering === undefined ? { ordering: "none" } : {}),
  };
}
