import { CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { generateSecret, parseSecret, signWebhook } from "../signing.ts";
import { BATCH_BODY_MAX_BYTES, BATCH_CONTENT_TYPE, batchId, batchSize, formatBatch } from "./batch.ts";
import type { ToldEvent } from "./cloud-event.ts";

const idOf = (n: number): string => `0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d0${n}`;
const bodyOf = (n: number) => ({
  type: "order.placed",
  timestamp: "2026-11-24T09:30:00.000Z",
  data: { orderId: `order-${n}`, note: 'Zoë \u2028 "x"', price: 1e21 },
});
const told = (n: number, body: unknown = bodyOf(n)): ToldEvent => ({
  tenantId: "0192f0c1-0000-7000-8000-000000000001",
  eventId: idOf(n),
  eventType: "order.placed",
  acceptedAtMs: Date.UTC(2026, 10, 24),
  traceparent: undefined,
  body: Buffer.from(JSON.stringify(body)),
});

describe("a batch's id", () => {
  it("is that of its events, in whichever order, and of no others", () => {
    const id = batchId([idOf(1), idOf(2)]);
    expect(id).toMatch(/^batch_[\w-]{32}$/);
    expect(batchId([idOf(2), idOf(1)])).toBe(id);
    for (const other of [[idOf(1)], [idOf(1), idOf(3)], [idOf(1), idOf(2), idOf(3)]])
      expect(batchId(other)).not.toBe(id);
  });
});

describe("a batch", () => {
  it.each(["standard", "cloudevents-structured"] as const)("%s: has the same bytes in whichever order", (format) => {
    expect(formatBatch([told(2), told(1)], format).equals(formatBatch([told(1), told(2)], format))).toBe(true);
  });

  it("in the standard form is each event's own bytes, with its id, verified by the official library", () => {
    const secret = generateSecret();
    const key = parseSecret(secret);
    const body = formatBatch([told(1), told(2)], "standard");
    const id = batchId([idOf(1), idOf(2)]);
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": signWebhook({ id, timestampSeconds, body, secrets: key ? [key] : [] }),
    };
    const read = new Webhook(secret).verify(body, headers);
    expect(read).toEqual({
      batch: [
        { id: idOf(1), ...bodyOf(1) },
        { id: idOf(2), ...bodyOf(2) },
      ],
    });
    for (const n of [1, 2]) expect(body.includes(told(n).body.subarray(1))).toBe(true);
    expect(() => new Webhook(secret).verify(body.subarray(0, -1), headers)).toThrow();
  });

  it.each([[[1, 2]], ["text"], [7], [{}]])("takes what isn't an event, %j, as data", (content) => {
    const { batch } = JSON.parse(formatBatch([told(1, content)], "standard").toString());
    expect(batch).toEqual([{ id: idOf(1), data: content }]);
  });

  it("of CloudEvents is read by the official SDK", () => {
    const body = formatBatch([told(1), told(2)], "cloudevents-structured").toString();
    const read = HTTP.toEvent({ headers: { "content-type": BATCH_CONTENT_TYPE }, body });
    if (!Array.isArray(read)) throw new Error("not read as a batch");
    expect(read.map(({ id, data }) => [id, data])).toEqual([
      [idOf(1), bodyOf(1).data],
      [idOf(2), bodyOf(2).data],
    ]);
    for (const each of read) expect(new CloudEvent(each, true).validate()).toBe(true);
  });
});

describe("the size of a batch", () => {
  const quarter = BATCH_BODY_MAX_BYTES / 4;
  it.each([
    ["no more events than wanted", [10, 10, 10], 2, 2],
    ["all that there are", [10, 10], 100, 2],
    ["no more bytes than the bound", [quarter, quarter, quarter, quarter], 100, 3],
    ["one that is larger than the bound", [BATCH_BODY_MAX_BYTES, 10], 100, 1],
  ])("is %s", (_what, sizes, maxEvents, size) => {
    expect(batchSize(sizes, maxEvents)).toBe(size);
  });

  it("keeps the body in the bound, whatever the form adds", () => {
    const events = Array.from({ length: 9 }, (_, n) => told(n, { ...bodyOf(n), data: "x".repeat(200_000) }));
    const count = batchSize(
      events.map(({ body }) => body.length),
      100,
    );
    expect(count).toBe(5);
    for (const format of ["standard", "cloudevents-structured"] as const) {
      expect(formatBatch(events.slice(0, count), format).length).toBeLessThanOrEqual(BATCH_BODY_MAX_BYTES);
    }
  });
});
