import { readGrant } from "@postback/domain";
import { expect, test } from "vitest";
import { seenByPartners } from "./seen-by-partners.ts";
import type { Subscription } from "./subscription.ts";

const endpoint = (endpointId: string, grant?: unknown): Subscription =>
  ({
    endpointId,
    partner: grant === undefined ? undefined : { id: endpointId, grant: readGrant(grant) },
  }) as Subscription;

const seenBy = (all: readonly Subscription[], audience?: string[], body = "not json") =>
  seenByPartners(all, { type: "order.placed", ...(audience ? { audience } : {}) }, Buffer.from(body)).map(
    ({ endpointId }) => endpointId,
  );

const all = { events: ["**"] };

test("the tenant's own endpoints are told of all that they subscribe to, whoever it is for", () => {
  expect(seenBy([endpoint("own")], ["a"])).toEqual(["own"]);
});

test("of partners those are told whose grant allows it", () => {
  const endpoints = [endpoint("a", all), endpoint("own"), endpoint("b", { events: ["stock.*"] }), endpoint("c", {})];
  expect(seenBy(endpoints)).toEqual(["a", "own"]);
});

test("an event of one partner is not told to another with the same grant", () => {
  expect(seenBy([endpoint("a", all), endpoint("b", all), endpoint("own")], ["b"])).toEqual(["b", "own"]);
});

test("the content decides where a grant has a filter, and is not parsed where none has", () => {
  const large = { events: ["**"], filter: { data: { amount: { $gte: 10 } } } };
  const endpoints = [endpoint("large", large), endpoint("all", all)];
  expect(seenBy(endpoints, undefined, '{"data":{"amount":9}}')).toEqual(["all"]);
  expect(seenBy(endpoints, undefined, '{"data":{"amount":10}}')).toEqual(["large", "all"]);
});
