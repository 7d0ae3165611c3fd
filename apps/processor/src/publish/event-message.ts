import { type EventHeader, entityKey, packHeader } from "@postback/contracts";
import type { NumberedEvent } from "@postback/database";
import type { OutgoingMessage } from "@postback/kafka";

/**
 * A committed event as its message. It goes to the partition of its operation, whose numbers it is counted in, also when
 * it is about another entity.
 */
export function toMessage(topic: string, partition: number, event: NumberedEvent): OutgoingMessage {
  const entity =
    event.entityType !== null && event.entityId !== null ? { type: event.entityType, id: event.entityId } : undefined;
  const header: EventHeader = {
    v: 1,
    id: event.id,
    type: event.type,
    tenant: event.tenantId,
    entity,
    operation:
      event.operationId && event.operationType ? { id: event.operationId, type: event.operationType } : undefined,
    number: event.number,
    audience: event.audience ?? undefined,
    acceptedAt: Math.round(event.acceptedAtMs),
    traceparent: event.traceparent ?? undefined,
  };
  const key = entity ? entityKey(event.tenantId, entity) : null;
  return { topic, partition, key, value: event.body, header: packHeader(header) };
}
