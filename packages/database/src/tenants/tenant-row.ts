import type { Prisma } from "../generated/client.ts";

export type TenantRow = Prisma.TenantGetPayload<object>;

/** What of a tenant may be changed. `undefined` leaves a field as it is. */
export interface TenantChanges {
  name?: string;
  /** Of each of its keys; null: as the configuration says. */
  requestsPerSecond?: number | null;
  /** Disabled: its keys are refused. */
  enabled?: boolean;
}
