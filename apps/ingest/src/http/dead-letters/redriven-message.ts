import { entityKey, eventHeaderSchema, messageOwnerSchema, packHeader, unpackHeader } from "@postback/contracts";
import type { FoundDeadLetter } from "@postback/database";
import { type OutgoingMessage, partitionFor } from "@postback/kafka";

export interface RedriveTarget {
  /** The topic of events, as Kafka names it. */
  eventsTopic: string;
  partitions: number;
}

/**
 * The message that a letter is sent again as: topic, key, body and our header are those of the origin, and the partition
 * too, because that keeps the order of its entity. Two things can't stay:
 * - A partition that was the fault. The message goes to the one that its entity's are read from.
 * - An event's number and the claim of its place: both say "seen before" of what stands at the log's end, and a dispatcher
 *   would pass it by. It is marked as redriven instead, and Postgres is asked which of its deliveries are there.
 */
export function redrivenMessage(letter: FoundDeadLetter & { header: Buffer }, target: RedriveTarget): OutgoingMessage {
  const { topic, key, body: value } = letter;
  const header = letter.header.toString("utf8");
  return {
    topic,
    partition: partitionOf(letter, header, target.partitions),
    key,
    value,
    header: topic === target.eventsTopic ? redrivenEvent(header) : header,
  };
}

function partitionOf({ reason, partition }: FoundDeadLetter, header: string, partitions: number): number {
  const owner = reason === "wrong-partition" ? unpackHeader(messageOwnerSchema, header) : undefined;
  if (!owner?.ok || owner.header.entity === undefined) return partition;
  return partitionFor(entityKey(owner.header.tenant, owner.header.entity), partitions);
}

function redrivenEvent(header: string): string {
  const unpacked = unpackHeader(eventHeaderSchema, header);
  if (!unpacked.ok) return header;
  const { number: _, claim: __, ...rest } = unpacked.header;
  return packHeader({ ...rest, redriven: true });
}
