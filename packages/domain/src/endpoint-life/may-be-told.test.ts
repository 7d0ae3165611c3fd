import { describe, expect, it } from "vitest";
import { ENDPOINT_EVENT_TYPES, isAboutEndpoints, mayBeTold } from "./may-be-told.ts";

const own = { endpointId: "one" };
const partners = { endpointId: "two", partnerId: "partner" };
const about = (type: string, id: string) => ({ type, entity: { type: "endpoint", id } });

describe.each(ENDPOINT_EVENT_TYPES)("%s", (type) => {
  it("is told to the tenant's other endpoints, never to the one that it is about", () => {
    expect(mayBeTold(own, about(type, "other"))).toBe(true);
    expect(mayBeTold(own, about(type, "one"))).toBe(false);
  });

  it("is told to no partner, whoever's endpoint it is about", () => {
    expect(mayBeTold(partners, about(type, "other"))).toBe(false);
    expect(mayBeTold(partners, about(type, "two"))).toBe(false);
  });
});

it("leaves all other events to subscription and grant", () => {
  for (const type of ["order.placed", "endpoint.registered", "delivery", "operation.failed"]) {
    expect(isAboutEndpoints(type)).toBe(false);
    expect(mayBeTold(partners, { type })).toBe(true);
    expect(mayBeTold(own, about(type, "one"))).toBe(true);
  }
});
