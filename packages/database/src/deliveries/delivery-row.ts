import type { Prisma } from "../generated/client.ts";

export type DeliveryRow = Prisma.DeliveryGetPayload<object>;

/** What tells a delivery from any other of its tenant; the nil UUID as `replay` is the live one. */
export interface DeliveryKey {
  eventId: string;
  endpointId: string;
  replay: string;
}
