/**
 * How many sends a dispatcher may have out, shared by dynamic thresholds (Choudhury and Hahne, "Dynamic queue length
 * thresholds for shared-memory packet switches", 1998): a lane may take a part of what is *free*, so the more is taken,
 * the less anyone may add, and a rest is always free for those who have little. Hanging endpoints fill their own part.
 */
export type SlotUse = {
  /** Of all lanes. */
  readonly inFlight: number;
  /** Of those, of the kind that asks. */
  readonly ofKind: number;
  readonly ofTenant: number;
  readonly ofLane: number;
};

/** `live`: straight from the log, first attempts. `scheduled`: out of Postgres, retries and what had to wait. */
export type SendKind = "live" | "scheduled";

/** A tenant alone gets four fifths of what there is for a kind. */
const tenantPerFree = 4;
/** A lane that has something out already may have a quarter of what is free for more, and so a fifth of it alone. */
const lanePerFree = 1 / 4;
/** What is kept for lanes that have nothing out: hanging ones can't take the first slot of all others. */
const firstSlotsShare = 1 / 4;
/** First attempts go before retries, and each keeps a quarter at least from the other. */
const kindMaxShare: Readonly<Record<SendKind, number>> = { live: 3 / 4, scheduled: 1 / 2 };

/** Whether one more may start. @param max sends in flight in all */
export function mayTakeSlot({ inFlight, ofKind, ofTenant, ofLane }: SlotUse, max: number, kind: SendKind): boolean {
  const free = Math.min(max - inFlight, Math.ceil(max * kindMaxShare[kind]) - ofKind);
  if (free <= 0) return false;
  // So many until the tenant has `tenantPerFree` times what is then still free for all.
  const freeForTenant = Math.ceil((free * tenantPerFree - ofTenant) / (tenantPerFree + 1));
  if (ofLane === 0) return freeForTenant > 0;
  return ofLane < Math.floor((freeForTenant - max * firstSlotsShare) * lanePerFree);
}
