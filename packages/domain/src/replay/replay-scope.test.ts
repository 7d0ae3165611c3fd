import { describe, expect, it } from "vitest";
import { readFilter } from "../event-filter/read-filter.ts";
import { readGrant } from "../partner/may-partner-see.ts";
import { type EventPattern, parsePattern } from "../subscription-match.ts";
import { compileReplayScope, type KnownDeliveries, REPLAY_STATUSES, type ReplayStatus } from "./replay-scope.ts";

const patternsOf = (...texts: string[]): EventPattern[] =>
  texts.map(parsePattern).filter((pattern) => pattern !== undefined);
const endpoint = { endpointId: "one", patterns: patternsOf("order.*", "endpoint.**") };
const none: KnownDeliveries = { wasDelivered: false, isOnItsWay: false };

describe("a replay covers", () => {
  it("what the subscription matches, and of that what its own patterns do", () => {
    const all = compileReplayScope({ endpoint });
    const some = compileReplayScope({ endpoint, patterns: patternsOf("*.placed", "stock.low") });
    const told = (type: string) => ({ type, deliveries: none });
    expect(["order.placed", "order.sent", "stock.low"].map((type) => all(told(type)))).toEqual([true, true, false]);
    expect(["order.placed", "order.sent", "stock.low"].map((type) => some(told(type)))).toEqual([true, false, false]);
  });

  it("of a partner's endpoint what its grant of today and the event's audience allow", () => {
    const scopeFor = (kept: unknown) =>
      compileReplayScope({ endpoint: { ...endpoint, partner: { id: "p", grant: readGrant(kept) } } });
    const told = (given: object = {}) => ({ type: "order.placed", deliveries: none, body: "{}", ...given });
    expect(scopeFor({ events: ["**"] })(told())).toBe(true);
    expect(scopeFor({ events: ["stock.*"] })(told())).toBe(false);
    expect(scopeFor({ events: [] })(told())).toBe(false);
    expect(scopeFor({ events: ["**"] })(told({ audience: ["q"] }))).toBe(false);
    expect(scopeFor({ events: ["**"] })(told({ audience: ["p"] }))).toBe(true);
    const large = scopeFor({ events: ["**"], filter: { data: { amount: { $gte: 10 } } } });
    expect([9, 10].map((amount) => large(told({ body: JSON.stringify({ data: { amount } }) })))).toEqual([false, true]);
  });

  it("what the endpoint's filter lets through, and asks for the body then", () => {
    const read = readFilter({ data: { amount: { $gte: 1000 } } });
    if (!read.ok) throw new Error("the filter is right");
    const covers = compileReplayScope({ endpoint: { ...endpoint, filter: read.filter } });
    const told = (amount: number) => ({
      type: "order.placed",
      deliveries: none,
      body: JSON.stringify({ type: "order.placed", data: { amount } }),
    });
    expect([covers(told(1000)), covers(told(999))]).toEqual([true, false]);
    expect(covers({ type: "stock.low", deliveries: none })).toBe(false);
    expect(() => covers({ type: "order.placed", deliveries: none })).toThrow(/without/);
  });

  it("no test event, which was for one endpoint", () => {
    const covers = compileReplayScope({ endpoint: { endpointId: "one", patterns: patternsOf("**") } });
    expect(covers({ type: "endpoint.test", deliveries: none })).toBe(false);
    expect(covers({ type: "endpoint.tested", deliveries: none })).toBe(true);
  });

  it("nothing that is about the endpoint itself, and for a partner nothing about any", () => {
    const covers = compileReplayScope({ endpoint });
    const about = (id: string) => ({ type: "endpoint.disabled", entity: { type: "endpoint", id }, deliveries: none });
    expect([covers(about("one")), covers(about("two"))]).toEqual([false, true]);
    expect(
      compileReplayScope({ endpoint: { ...endpoint, partner: { id: "p", grant: readGrant({ events: ["**"] }) } } })(
        about("two"),
      ),
    ).toBe(false);
  });

  const states: [string, KnownDeliveries, readonly ReplayStatus[]][] = [
    ["without any delivery", none, ["never"]],
    ["delivered", { ...none, wasDelivered: true, liveStatus: "delivered" }, ["delivered"]],
    ["exhausted", { ...none, liveStatus: "exhausted" }, ["never", "exhausted"]],
    ["expired", { ...none, liveStatus: "expired" }, ["never", "expired"]],
    ["discarded", { ...none, liveStatus: "discarded" }, ["never", "discarded"]],
    ["on its way", { ...none, isOnItsWay: true, liveStatus: "pending" }, []],
    [
      "exhausted, and delivered by an earlier replay",
      { ...none, wasDelivered: true, liveStatus: "exhausted" },
      ["delivered"],
    ],
    ["exhausted, and on its way in an earlier replay", { ...none, isOnItsWay: true, liveStatus: "exhausted" }, []],
    [
      "delivered, and sent again just now",
      { ...none, wasDelivered: true, isOnItsWay: true, liveStatus: "delivered" },
      ["delivered"],
    ],
  ];
  it.each(states)(
    "an event %s under the right statuses alone, and without statuses always",
    (_, deliveries, expected) => {
      const event = { type: "order.placed", deliveries };
      const covering = REPLAY_STATUSES.filter((status) => compileReplayScope({ endpoint, statuses: [status] })(event));
      expect(covering).toEqual(expected);
      expect(compileReplayScope({ endpoint })(event)).toBe(true);
      expect(compileReplayScope({ endpoint, statuses: REPLAY_STATUSES })(event)).toBe(expected.length > 0);
    },
  );
});
