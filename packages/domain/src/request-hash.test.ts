import { describe, expect, it } from "vitest";
import { requestHash } from "./request-hash.ts";

const request = {
  type: "order.place",
  entity: { type: "order", id: "1" },
  input: { sku: "sku-1", quantity: 2, tags: ["a", "b"] },
};

describe("requestHash", () => {
  it("is the same value in every release: it is stored", () => {
    expect(requestHash(request)).toBe("883ac677c9f29c9b785df052357c0c52bac1ed4b28600e535c0ac3dedcc276ae");
  });

  it("does not depend on the order of members or the spelling of numbers", () => {
    const twin = JSON.parse(
      '{"input":{"tags":["a","b"],"quantity":2.0,"sku":"sku-1"},"entity":{"id":"1","type":"order"},"type":"order.place"}',
    );
    expect(requestHash(twin)).toBe(requestHash(request));
  });

  it.each([
    ["type", { ...request, type: "order.cancel" }],
    ["entity id", { ...request, entity: { type: "order", id: "2" } }],
    ["entity type", { ...request, entity: { type: "orde", id: "r1" } }],
    ["no entity", { type: request.type, input: request.input }],
    ["input", { ...request, input: { ...request.input, quantity: 3 } }],
    ["order in a list", { ...request, input: { ...request.input, tags: ["b", "a"] } }],
    ["a further member", { ...request, input: { ...request.input, note: null } }],
  ])("differs by %s", (_what, other) => {
    expect(requestHash(other)).not.toBe(requestHash(request));
  });
});
