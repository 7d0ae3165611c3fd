import type { Attempt, Delivery, DeliveryStatus } from "@postback/contracts";
import type { AttemptRecord, DeliveryRow } from "@postback/database";
import { deliveryId, LIVE } from "@postback/domain";

export const presentDelivery = (row: DeliveryRow): Delivery => ({
  id: deliveryId({ eventId: row.eventId, endpointId: row.endpointId, replayId: row.replay }),
  eventId: row.eventId,
  eventType: row.eventType,
  endpointId: row.endpointId,
  ...(row.replay === LIVE ? {} : { replayId: row.replay }),
  status: row.status as DeliveryStatus,
  ...(row.reason === null ? {} : { reason: row.reason }),
  // While it is being sent the column holds the end of the lease, which is nobody's business outside.
  ...(row.status === "pending" && row.nextAttemptAt ? { nextAttemptAt: row.nextAttemptAt.toISOString() } : {}),
  attempts: numbered(row.attempts as unknown as readonly AttemptRecord[]),
});

/** An attempt's number is its place in the row, from 1. */
const numbered = (attempts: readonly AttemptRecord[]): Attempt[] =>
  attempts.map((attempt, index) => ({ number: index + 1, ...attempt }) as Attempt);
