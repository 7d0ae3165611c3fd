import type { Prisma } from "../generated/client.ts";

export type PartnerRow = Prisma.PartnerGetPayload<object>;

/** `{events, filter?}`, as `readGrant` of the domain takes it. */
export type KeptGrant = { events: string[]; filter?: unknown };

/** What of a partner may be changed. `undefined` leaves a field as it is. */
export interface PartnerChanges {
  name?: string;
  grant?: KeptGrant;
}

/** A change of a partner, and the subscription version from which its endpoints match with it. */
export interface ChangedPartner {
  partner: PartnerRow;
  subscriptionVersion: bigint;
}
