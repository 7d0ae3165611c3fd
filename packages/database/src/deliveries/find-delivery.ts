import type { Database } from "../open-database.ts";
import type { DeliveryKey, DeliveryRow } from "./delivery-row.ts";

export async function findDelivery(db: Database, tenantId: string, key: DeliveryKey): Promise<DeliveryRow | undefined> {
  const { eventId, endpointId, replay } = key;
  const where = { tenantId_eventId_endpointId_replay: { tenantId, eventId, endpointId, replay } };
  return (await db.prisma.delivery.findUnique({ where })) ?? undefined;
}
