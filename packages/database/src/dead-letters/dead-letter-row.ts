/** The place in the log that a letter is of: its key. */
export interface DeadLetterPlace {
  topic: string;
  partition: number;
  offset: number;
}

/** Whose letters are meant: a tenant's, or all of them, those of nobody too. */
export type DeadLetterOwner = { tenantId: string } | "anyone";

/** All conditions hold together. */
export interface DeadLetterFilter {
  reason?: string | undefined;
  topic?: string | undefined;
  /** Given up at this time or later, and before that one. */
  since?: Date | undefined;
  until?: Date | undefined;
}

/** A letter without the message. */
export interface ListedDeadLetter extends DeadLetterPlace {
  tenantId: string | null;
  reason: string;
  detail: string;
  createdAt: Date;
  /** The same in microseconds since 1970, as exact as the order of a list needs it. */
  createdAtUs: number;
  redrivenAt: Date | null;
  redrivenPartition: number | null;
  redrivenOffset: number | null;
  discardedAt: Date | null;
}

/** The message as it was read. */
export interface DeadLetterMessage {
  key: Buffer | null;
  header: Buffer | null;
  body: Buffer | null;
}

export type FoundDeadLetter = ListedDeadLetter & DeadLetterMessage;

/** Offsets and microseconds stay below 2^53. */
export const listedColumns = `d.topic, d.partition, d."offset"::double precision AS "offset", d.tenant_id AS "tenantId",
  d.reason, d.detail, d.created_at AS "createdAt",
  (extract(epoch FROM d.created_at) * 1000000)::double precision AS "createdAtUs", d.redriven_at AS "redrivenAt",
  d.redriven_partition AS "redrivenPartition", d.redriven_offset::double precision AS "redrivenOffset",
  d.discarded_at AS "discardedAt"`;

export const messageColumns = "d.key, d.header, d.body";

/** Nobody decided about it yet. */
export const isOpen = "d.redriven_at IS NULL AND d.discarded_at IS NULL";

/** A condition on $1, {@link tenantOf} the owner. Two texts, so that each has a plan with the index that it needs. */
export const ownedBy = (owner: DeadLetterOwner): string =>
  owner === "anyone" ? "$1::uuid IS NULL" : "d.tenant_id = $1";
export const tenantOf = (owner: DeadLetterOwner): string | null => (owner === "anyone" ? null : owner.tenantId);

/** Tells apart the names of statements that differ by {@link ownedBy}. */
export const nameFor = (name: string, owner: DeadLetterOwner): string =>
  owner === "anyone" ? `${name}_of_anyone` : `${name}_of_tenant`;

/** Conditions on $2 to $5, {@link filterValues}. */
export const filterConditions = `($2::text IS NULL OR d.reason = $2) AND ($3::text IS NULL OR d.topic = $3)
  AND ($4::timestamptz IS NULL OR d.created_at >= $4) AND ($5::timestamptz IS NULL OR d.created_at < $5)`;

export const filterValues = ({ reason, topic, since, until }: DeadLetterFilter): unknown[] => [
  reason ?? null,
  topic ?? null,
  since ?? null,
  until ?? null,
];
