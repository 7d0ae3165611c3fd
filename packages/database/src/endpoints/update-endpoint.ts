import type { Prisma } from "../generated/client.ts";
import type { Database } from "../open-database.ts";
import { endpointData } from "./endpoint-data.ts";
import type { ChangedEndpoint, EndpointSettings } from "./endpoint-row.ts";

/** Changes what is given; undefined when the tenant has no such endpoint, or when a batch would not fit the rest of it. */
export async function updateEndpoint(
  db: Database,
  tenantId: string,
  id: string,
  settings: EndpointSettings,
): Promise<ChangedEndpoint | undefined> {
  const [endpoint] = await db.prisma.endpoint.updateManyAndReturn({
    where: { tenantId, id, deletedAt: null, NOT: brokenBatch(settings) },
    data: endpointData(settings),
  });
  return endpoint && { endpoint, subscriptionVersion: endpoint.version };
}

/** Rows in which these settings would bring batches together with what goes one event at a time. */
function brokenBatch({ batchMaxEvents, format, ordering }: EndpointSettings): Prisma.EndpointWhereInput {
  const isBatched = batchMaxEvents === undefined ? { batchMaxEvents: { not: null } } : always(batchMaxEvents !== null);
  const isBinary = format === undefined ? { format: "cloudevents-binary" } : always(format === "cloudevents-binary");
  const isOrdered = ordering === undefined ? { ordering: { not: "none" } } : always(ordering !== "none");
  return { AND: [isBatched, { OR: [isBinary, isOrdered] }] };
}

/** Prisma: no conditions hold for all rows, no alternatives for none. */
const always = (isSo: boolean): Prisma.EndpointWhereInput => (isSo ? { AND: [] } : { OR: [] });
