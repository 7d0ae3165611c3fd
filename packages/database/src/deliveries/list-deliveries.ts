import type { Database } from "../open-database.ts";
import type { DeliveryRow } from "./delivery-row.ts";

export interface DeliveryPage {
  /** The last one of the page before. */
  after?: { eventId: string; replay: string };
  limit: number;
  status?: string;
}

/** An endpoint's deliveries, those of the newest events first. */
export async function listDeliveries(
  db: Database,
  tenantId: string,
  endpointId: string,
  { after, limit, status }: DeliveryPage,
): Promise<DeliveryRow[]> {
  const beyond = after && {
    OR: [{ eventId: { lt: after.eventId } }, { eventId: after.eventId, replay: { lt: after.replay } }],
  };
  return await db.prisma.delivery.findMany({
    where: { tenantId, endpointId, ...(status ? { status } : {}), ...beyond },
    orderBy: [{ eventId: "desc" }, { replay: "desc" }],
    take: limit,
  });
}
