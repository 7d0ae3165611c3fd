/** A command as it is written: the operation that it carries, and where it stands in the log. */
export interface CommandRow {
  tenantId: string;
  id: string;
  type: string;
  revision: number;
  entityType: string;
  entityId: string;
  partition: number;
  logOffset: number;
  hash: string;
  key?: string | undefined;
  /** JSON text of the input. */
  input: string;
  audience?: readonly string[] | undefined;
  traceparent?: string | undefined;
  acceptedAtMs: number;
  /** The step that comes first, and all steps as they stand at the start (JSON). */
  step?: string | undefined;
  steps: unknown;
}

export const commandRecord = `("tenantId" uuid, id uuid, type text, revision integer, "entityType" text, "entityId" text,
  partition integer, "logOffset" bigint, hash text, key text, input text, audience uuid[], traceparent text,
  "acceptedAtMs" bigint, step text, steps jsonb, position bigint)`;

export const commandColumns = `tenant_id, id, type, revision, entity_type, entity_id, partition, log_offset, request_hash,
  idempotency_key, input, audience, traceparent, created_at, updated_at, step, steps`;

/** The values for {@link commandColumns} out of a record named `c`. */
export const commandValues = `c."tenantId", c.id, c.type, c.revision, c."entityType", c."entityId", c.partition,
  c."logOffset", c.hash, c.key, c.input, c.audience, c.traceparent, to_timestamp(c."acceptedAtMs" / 1000.0),
  to_timestamp(c."acceptedAtMs" / 1000.0), c.step, c.steps`;
