import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deliveryId, LIVE, parseDeliveryId } from "./delivery-id.ts";

const eventId = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const endpointId = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d02";
const liveId = deliveryId({ eventId, endpointId, replayId: LIVE });

describe("deliveryId", () => {
  it("is read back to its key, live or of a replay", () => {
    const key = fc.record({
      eventId: fc.uuid(),
      endpointId: fc.uuid(),
      replayId: fc.oneof(fc.uuid(), fc.constant(LIVE)),
    });
    fc.assert(
      fc.property(key, (k) => {
        expect(parseDeliveryId(deliveryId(k))).toEqual(k);
      }),
    );
  });

  it("is the same value in every release: partners keep it", () => {
    expect(liveId).toBe("dlv_AZLwwStefDqdXj8aW3ydAQGS8MErXnw6nV4_Glt8nQI");
    expect(deliveryId({ eventId, endpointId, replayId: eventId })).toHaveLength("dlv_".length + 64);
  });

  it("throws for a key that isn't of UUIDs", () => {
    expect(() => deliveryId({ eventId: "1", endpointId, replayId: LIVE })).toThrow(TypeError);
  });

  it.each([
    "",
    "dlv_",
    liveId.slice(4),
    `DLV_${liveId.slice(4)}`,
    liveId.slice(0, -1),
    `${liveId}A`,
    `${liveId}=`,
    `${liveId.slice(0, -1)}J`,
    `dlv_${Buffer.alloc(33).toString("base64url")}`,
    `dlv_${Buffer.alloc(49).toString("base64url")}`,
    `dlv_${Buffer.from(`${eventId}${endpointId}`.replaceAll("-", "") + "0".repeat(32), "hex").toString("base64url")}`,
    "dlv_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
    liveId.replace("_G", "/G"),
    eventId,
  ])("refuses %j", (id) => {
    expect(parseDeliveryId(id)).toBeUndefined();
  });
});
