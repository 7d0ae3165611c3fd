import { endpointEventSchemas, eventHeaderSchema, unpackHeader, webhookBodySchema } from "@postback/contracts";
import type { Notice } from "@postback/database";
import { LIVE, newId, parseDeliveryId } from "@postback/domain";
import { partitionFor } from "@postback/kafka";
import { expect, test } from "vitest";
import { noticeMessage } from "./notice-message.ts";

const [tenantId, endpointId, eventId, replay] = [newId(), newId(), newId(), newId()];
const createdAt = new Date("2026-11-24T10:00:00.123Z");
const noticeOf = (type: string, data: object): Notice => ({ tenantId, id: newId(), type, endpointId, data, createdAt });
const bodyOf = (notice: Notice) => {
  const { value } = noticeMessage(notice, "events", 6);
  return webhookBodySchema.parse(JSON.parse(String(value)));
};

const disabled = {
  reason: "failing",
  disabledAt: "2026-11-24T11:00:00.5+01:00",
  failingSince: "2026-11-19T10:00:00+00:00",
};
const given = { eventId, eventType: "order.placed", replay: LIVE, status: "exhausted", attempts: 2, lastAttempt: null };

test("is for the tenant's own, to be claimed under its id, in its endpoint's partition; and the same each time", () => {
  const notice = noticeOf("endpoint.disabled", disabled);
  const message = noticeMessage(notice, "events", 6);
  const unpacked = unpackHeader(eventHeaderSchema, message.header);
  const entity = { type: "endpoint", id: endpointId };
  expect(unpacked).toMatchObject({
    ok: true,
    header: { id: notice.id, tenant: tenantId, claim: true, audience: [], entity },
  });
  expect(message).toMatchObject({ topic: "events", partition: partitionFor(`${tenantId}:endpoint:${endpointId}`, 6) });
  expect(noticeMessage(notice, "events", 6)).toEqual(message);
});

test("says times as all events do, and leaves out what isn't known", () => {
  expect(bodyOf(noticeOf("endpoint.disabled", disabled))).toEqual({
    type: "endpoint.disabled",
    timestamp: "2026-11-24T10:00:00.123Z",
    entity: { type: "endpoint", id: endpointId },
    data: {
      endpointId,
      reason: "failing",
      disabledAt: "2026-11-24T10:00:00.500Z",
      failingSince: "2026-11-19T10:00:00.000Z",
    },
  });
  const { data } = bodyOf(noticeOf("endpoint.disabled", { ...disabled, reason: "gone", failingSince: null }));
  expect(data).toEqual({ endpointId, reason: "gone", disabledAt: "2026-11-24T10:00:00.500Z" });
});

test.each([LIVE, replay])("names the delivery that was given up by its public id, of replay %s", (of) => {
  const { data } = bodyOf(noticeOf("delivery.exhausted", { ...given, replay: of }));
  expect(endpointEventSchemas["delivery.exhausted"].strict().parse(data)).toEqual(data);
  expect(parseDeliveryId((data as { deliveryId: string }).deliveryId)).toEqual({ eventId, endpointId, replayId: of });
});

test("has the shape that is documented, also of a recovery", () => {
  const { data } = bodyOf(
    noticeOf("endpoint.recovered", { after: "failures", downSince: "2026-11-24T09:00:00+00:00" }),
  );
  expect(endpointEventSchemas["endpoint.recovered"].strict().parse(data)).toEqual(data);
});
