import { CloudEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTENT_TYPES, formatEvent, type ToldEvent } from "./cloud-event.ts";

const content = {
  type: "order.placed",
  timestamp: "2026-11-24T09:30:00.000Z",
  data: { orderId: "order-17", amount: 4200, note: 'Zoë \u2028 "x" 100%' },
  entity: { type: "order", id: "größe 17%" },
  operation: { id: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01", type: "order.place" },
};
const told = (body: unknown = content, given: Partial<ToldEvent> = {}): ToldEvent => ({
  tenantId: "0192f0c1-0000-7000-8000-000000000001",
  eventId: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d02",
  eventType: "order.placed",
  acceptedAtMs: Date.UTC(2026, 10, 24),
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  body: Buffer.from(JSON.stringify(body)),
  ...given,
});

type CloudEventsFormat = keyof typeof CONTENT_TYPES;
/** Read by the official SDK, as a receiver would, and judged by its schema of the specification. */
function received(event: ToldEvent, format: CloudEventsFormat): CloudEvent<unknown> {
  const { headers, body } = formatEvent(event, format);
  const read = HTTP.toEvent({ headers: { ...headers, "content-type": CONTENT_TYPES[format] }, body: body.toString() });
  if (Array.isArray(read)) throw new Error("one event was sent");
  expect(new CloudEvent(read, true).validate()).toBe(true);
  return read as CloudEvent<unknown>;
}
/** Lone surrogates too; quicker than the unit of fast-check that has them. */
const codePoint = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));
const formats: CloudEventsFormat[] = ["cloudevents-structured", "cloudevents-binary"];

describe("formatEvent", () => {
  it("leaves the standard form's bytes alone", () => {
    const event = told();
    expect(formatEvent(event, "standard")).toEqual({ headers: {}, body: event.body });
    expect(formatEvent(event, "standard").body).toBe(event.body);
  });

  it.each(formats)("is a CloudEvent for the official SDK: %s", (format) => {
    expect(received(told(), format)).toMatchObject({
      specversion: "1.0",
      id: told().eventId,
      source: `/tenants/${told().tenantId}`,
      type: "order.placed",
      time: content.timestamp,
      datacontenttype: "application/json",
      traceparent: told().traceparent,
      operationid: content.operation.id,
      operationtype: "order.place",
      data: content.data,
    });
  });

  it("has the entity as subject, in a header percent-encoded", () => {
    expect(received(told(), "cloudevents-structured").subject).toBe("order:größe 17%");
    expect(formatEvent(told(), "cloudevents-binary").headers["ce-subject"]).toBe("order:gr%C3%B6%C3%9Fe%2017%25");
  });

  it("leaves out what the event has not", () => {
    const bare = told({ type: "a.b", timestamp: content.timestamp, data: 1 }, { traceparent: undefined });
    const attributes = ["data", "datacontenttype", "id", "source", "specversion", "time", "type"];
    const body = JSON.parse(formatEvent(bare, "cloudevents-structured").body.toString());
    expect(Object.keys(body).sort()).toEqual(attributes);
    const names = ["ce-id", "ce-source", "ce-specversion", "ce-time", "ce-type"];
    expect(Object.keys(formatEvent(bare, "cloudevents-binary").headers).sort()).toEqual(names);
  });

  it.each(formats)("takes the time of acceptance for a body that has none: %s", (format) => {
    for (const body of [{ data: {} }, [1], "text", null, { timestamp: 7, data: {} }]) {
      expect(received(told(body), format).time).toBe("2026-11-24T00:00:00.000Z");
    }
  });

  it("gives the same bytes at each attempt, and the data as it was", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const data: unknown = JSON.parse(json);
        const event = told({ ...content, data });
        const { body } = formatEvent(event, "cloudevents-binary");
        expect(body.toString()).toBe(JSON.stringify(data));
        expect(formatEvent(event, "cloudevents-structured").body.toString()).toContain(
          `"data":${JSON.stringify(data)}}`,
        );
        expect(formatEvent(event, "cloudevents-binary").body.equals(body)).toBe(true);
      }),
    );
  });

  it("puts nothing into a header that HTTP doesn't allow there", () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint, minLength: 1 }), (id) => {
        const { headers } = formatEvent(told({ ...content, entity: { type: "order", id } }), "cloudevents-binary");
        expect(headers["ce-subject"]).toMatch(/^[!-~]+$/);
        expect(decodeURIComponent(headers["ce-subject"] ?? "")).toBe(`order:${id.toWellFormed()}`);
      }),
    );
  });
});
