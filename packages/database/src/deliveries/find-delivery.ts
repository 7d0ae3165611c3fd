import type { Database } from "../open-database.ts";
import type { DeliveryKey, DeliveryRow } from "./delivery-row.ts";

export async function findDelivery(db: Database, tenantId: string, key: DeliveryKey): Promise<DeliveryRow | undefined> {
  const { eventId, endpointId, replay } = key;
  // Not findUnique: Prisma joins those of one tick into one statement, and each has to run for its own tenant alone.
  return (await db.prisma.delivery.findFirst({ where: { tenantId, eventId, endpointId, replay } })) ?? undefined;
}
