import type { Database } from "../open-database.ts";
import type { DeliveryRow } from "./delivery-row.ts";

/** All deliveries of some events, live ones and replays, at most `limit`. */
export async function listDeliveriesOfEvents(
  db: Database,
  tenantId: string,
  eventIds: readonly string[],
  limit: number,
): Promise<DeliveryRow[]> {
  return await db.prisma.delivery.findMany({
    where: { tenantId, eventId: { in: [...eventIds] } },
    orderBy: [{ eventId: "asc" }, { createdAt: "asc" }, { endpointId: "asc" }],
    take: limit,
  });
}
