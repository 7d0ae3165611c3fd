import {
  attemptSchema,
  type EndpointEventData,
  type EndpointEventType,
  type EventHeader,
  entityKey,
  packHeader,
  type WebhookBody,
} from "@postback/contracts";
import type { Notice } from "@postback/database";
import { deliveryId, ENDPOINT_ENTITY_TYPE } from "@postback/domain";
import { type OutgoingMessage, partitionFor } from "@postback/kafka";
import { z } from "zod";

/** As the triggers of the database write it: times in the database's spelling. */
const time = z.string().transform((text) => new Date(text).toISOString());
const written = {
  "endpoint.disabled": z.object({ reason: z.string(), disabledAt: time, failingSince: time.nullable() }),
  "endpoint.recovered": z.object({ after: z.enum(["failures", "disabled"]), downSince: time }),
  "delivery.exhausted": z.object({
    eventId: z.string(),
    eventType: z.string(),
    replay: z.string(),
    status: z.enum(["exhausted", "expired"]),
    attempts: z.int(),
    lastAttempt: attemptSchema.omit({ number: true, response: true }).nullable(),
  }),
};

/**
 * A notice as the event that it becomes. Everything in it comes of the row, so that one that is produced twice has the
 * same bytes under the same id; and it carries the mark of an id that wasn't made for this message, so that dispatchers
 * claim it and tell it once. Its audience is empty: it is for no partner.
 */
export function noticeMessage(notice: Notice, topic: string, partitions: number): OutgoingMessage {
  const { tenantId, id, type, endpointId, createdAt } = notice;
  const entity = { type: ENDPOINT_ENTITY_TYPE, id: endpointId };
  const body: WebhookBody = {
    type,
    timestamp: createdAt.toISOString(),
    entity,
    data: dataOf(notice) as WebhookBody["data"],
  };
  const header: EventHeader = {
    v: 1,
    id,
    type,
    tenant: tenantId,
    entity,
    claim: true,
    audience: [],
    acceptedAt: createdAt.getTime(),
  };
  const key = entityKey(tenantId, entity);
  return {
    topic,
    partition: partitionFor(key, partitions),
    key,
    value: JSON.stringify(body),
    header: packHeader(header),
  };
}

function dataOf({ type, endpointId, data }: Notice): EndpointEventData {
  switch (type as EndpointEventType) {
    case "endpoint.disabled": {
      const { failingSince, ...rest } = written["endpoint.disabled"].parse(data);
      return { endpointId, ...rest, ...(failingSince === null ? {} : { failingSince }) };
    }
    case "endpoint.recovered":
      return { endpointId, ...written["endpoint.recovered"].parse(data) };
    case "delivery.exhausted": {
      const { replay, lastAttempt, ...rest } = written["delivery.exhausted"].parse(data);
      const id = deliveryId({ eventId: rest.eventId, endpointId, replayId: replay });
      return { deliveryId: id, endpointId, ...rest, ...(lastAttempt === null ? {} : { lastAttempt }) };
    }
  }
}
