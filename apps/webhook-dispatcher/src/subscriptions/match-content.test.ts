import { readFilter } from "@postback/domain";
import { expect, it, vi } from "vitest";
import { matchContent } from "./match-content.ts";
import type { Subscription } from "./subscription.ts";

function endpoint(endpointId: string, filter?: unknown): Subscription {
  const read = filter === undefined ? undefined : readFilter(filter);
  if (read !== undefined && !read.ok) throw new Error(JSON.stringify(read.problems));
  return { endpointId, filter: read?.filter } as Subscription;
}

const body = (data: unknown) =>
  Buffer.from(JSON.stringify({ type: "order.placed", entity: { type: "order", id: "1" }, data }));
const idsOf = (subscriptions: readonly Subscription[]) => subscriptions.map(({ endpointId }) => endpointId);

it("leaves those whose filter the content matches, and those without one, in their order", () => {
  const endpoints = [
    endpoint("large", { data: { amount: { $gte: 1000 } } }),
    endpoint("all"),
    endpoint("small", { data: { amount: { $lt: 1000 } } }),
    endpoint("orders", { entity: { type: "order" } }),
  ];
  expect(idsOf(matchContent(endpoints, body({ amount: 4200 })))).toEqual(["large", "all", "orders"]);
  expect(idsOf(matchContent(endpoints, body({ amount: 5 })))).toEqual(["all", "small", "orders"]);
});

it("parses the event once for all who have a filter, and not at all without", () => {
  const parse = vi.spyOn(JSON, "parse");
  try {
    const plain = [endpoint("a"), endpoint("b")];
    expect(matchContent(plain, body({}))).toBe(plain);
    expect(parse).not.toHaveBeenCalled();
    matchContent([endpoint("c", { data: { a: 1 } }), endpoint("d", { data: { a: 2 } })], body({ a: 1 }));
    expect(parse).toHaveBeenCalledTimes(1);
  } finally {
    parse.mockRestore();
  }
});
