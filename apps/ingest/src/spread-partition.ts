/**
 * How long messages without an entity go to one partition before the next one's turn. Each partition in a request costs
 * both sides work of its own, so a batch that goes to one is cheaper than one spread over all (Kafka's own client
 * sticks to a partition for the same reason, KIP-480).
 */
const turnMs = 20;

/** @param start where this process begins, so that processes don't all go to the same one. */
export const spreadPartition = (nowMs: number, start: number, partitions: number): number =>
  (Math.floor(nowMs / turnMs) + start) % partitions;
