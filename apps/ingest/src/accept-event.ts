import { type EventHeader, entityKey, type PublishEvent, packHeader } from "@postback/contracts";
import { newId } from "@postback/domain";
import { type Producer, partitionFor } from "@postback/kafka";
import { checkedId } from "./checked-id.ts";
import { sendMessage } from "./send-message.ts";
import { spreadPartition } from "./spread-partition.ts";

export interface AcceptEventOptions {
  producer: Producer;
  topic: string;
  partitions: number;
  /** Where this process begins to spread events without an entity. */
  spreadFrom: number;
}

interface EventContext {
  tenantId: string;
  /** The partners that it is for; left out: all whose grant allows it. The tenant itself sees it in any case. */
  audience?: string[] | undefined;
  traceparent: string;
  /** The one endpoint that it is for, instead of those that subscribe to it. */
  endpointId?: string;
}

export type AcceptEvent = (event: PublishEvent, context: EventContext) => Promise<string>;

/**
 * Takes an event that has no operation: into Kafka and nothing else, so that Postgres is off its way.
 * Its bytes are made here, once; the answer and every attempt of every webhook are made of them.
 * @returns the event as JSON
 * @throws {Refusal} invalid-id, overloaded, unavailable
 */
export const acceptEvent =
  ({ producer, topic, partitions, spreadFrom }: AcceptEventOptions): AcceptEvent =>
  async (event, { tenantId, audience, traceparent, endpointId }) => {
    const nowMs = Date.now();
    const { type, entity, data } = event;
    const id = event.id === undefined ? newId() : checkedId(event.id, nowMs);
    const body = JSON.stringify({ type, timestamp: new Date(nowMs).toISOString(), data, entity });
    const header: EventHeader = { v: 1, id, type, tenant: tenantId, acceptedAt: nowMs, traceparent };
    if (entity !== undefined) header.entity = entity;
    if (event.id !== undefined) header.claim = true;
    if (audience !== undefined) header.audience = audience;
    if (endpointId !== undefined) header.endpoint = endpointId;
    const key = entity === undefined ? null : entityKey(tenantId, entity);
    const partition = key === null ? spreadPartition(nowMs, spreadFrom, partitions) : partitionFor(key, partitions);
    await sendMessage(producer, { topic, partition, key, value: body, header: packHeader(header) });
    return `{"id":"${id}",${body.slice(1)}`;
  };
