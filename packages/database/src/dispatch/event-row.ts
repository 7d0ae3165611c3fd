/** An event as it is written; the same shape for the processor's checkpoints and the dispatcher's records. */
export interface EventRow {
  tenantId: string;
  id: string;
  type: string;
  entityType?: string | undefined;
  entityId?: string | undefined;
  partition: number;
  logOffset?: number | undefined;
  /** Decimal: it may pass 2^53. */
  number?: string | undefined;
  operationId?: string | undefined;
  operationType?: string | undefined;
  audience?: readonly string[] | undefined;
  traceparent?: string | undefined;
  /** The webhook's body, byte for byte. */
  body: string;
  acceptedAtMs: number;
}

/** The columns of a JSON array of {@link EventRow}, for `json_to_recordset(…) AS …`. */
export const eventRecord = `("tenantId" uuid, id uuid, type text, "entityType" text, "entityId" text, partition integer,
  "logOffset" bigint, number bigint, "operationId" uuid, "operationType" text, audience uuid[], traceparent text,
  body text, "acceptedAtMs" bigint)`;

export const eventColumns = `tenant_id, id, type, entity_type, entity_id, partition, log_offset, number, operation_id,
  operation_type, audience, traceparent, body, accepted_at`;

/** The values for {@link eventColumns} out of a record named `e`. */
export const eventValues = `e."tenantId", e.id, e.type, e."entityType", e."entityId", e.partition, e."logOffset", e.number,
  e."operationId", e."operationType", e.audience, e.traceparent, e.body, to_timestamp(e."acceptedAtMs" / 1000.0)`;
