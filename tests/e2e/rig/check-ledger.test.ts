import { describe, expect, it } from "vitest";
import { type Arrival, duplicatesIn, type Effects, faultsIn, type Ledger } from "./check-ledger.ts";

const placed = ["order.placed", "operation.succeeded"];
const rejected = ["order.rejected", "operation.failed"];
const endpoints = ["a", "b"];

const arrivalsOf = (operationId: string, types: readonly string[]): Arrival[] =>
  endpoints.flatMap((endpoint) =>
    types.map((type) => ({ endpoint, type, operationId, webhookId: `${operationId}-${type}` })),
  );

/** Two orders that were placed and one that was rejected, a direct event, and a write whose client got no answer. */
const ledger: Ledger = {
  endpoints,
  operations: [
    { id: "op-1", ends: "succeeded", events: placed },
    { id: "op-2", ends: "succeeded", events: placed },
    { id: "op-3", ends: "failed", events: rejected },
  ],
  events: ["ev-1"],
  arrivals: [
    ...arrivalsOf("op-1", placed),
    ...arrivalsOf("op-2", placed),
    ...arrivalsOf("op-3", rejected),
    ...arrivalsOf("op-4", placed),
    ...endpoints.map((endpoint) => ({ endpoint, webhookId: "ev-1", type: "stock.low" })),
  ],
};
const effects: Effects = {
  operations: [
    { id: "op-1", orderId: "o-1", status: "succeeded", sku: "sku-1", quantity: 2 },
    { id: "op-2", orderId: "o-2", status: "succeeded", sku: "sku-2", quantity: 1 },
    { id: "op-3", orderId: "o-3", status: "failed", sku: "sku-1", quantity: 1 },
    { id: "op-4", orderId: "o-4", status: "succeeded", sku: "sku-1", quantity: 1 },
  ],
  orders: [
    { orderId: "o-1", status: "placed" },
    { orderId: "o-2", status: "placed" },
    { orderId: "o-3", status: "rejected" },
    { orderId: "o-4", status: "placed" },
  ],
  taken: new Map([
    ["sku-1", 3],
    ["sku-2", 1],
  ]),
  charges: [
    { id: "ch-1", orderId: "o-1", isRefunded: false },
    { id: "ch-2", orderId: "o-2", isRefunded: false },
    { id: "ch-3", orderId: "o-3", isRefunded: true },
    { id: "ch-4", orderId: "o-4", isRefunded: false },
  ],
};

const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);
const each = <T>(list: readonly T[]): number[] => list.map((_, index) => index);

describe("the checker of the ledger", () => {
  it("finds no fault where every promise is kept", () => {
    expect(faultsIn(ledger, effects)).toEqual([]);
  });

  it("allows a webhook that comes again, and counts it", () => {
    const again = { ...ledger, arrivals: [...ledger.arrivals, ...ledger.arrivals.slice(0, 3)] };
    expect(faultsIn(again, effects)).toEqual([]);
    expect(duplicatesIn(ledger)).toBe(0);
    expect(duplicatesIn(again)).toBe(3);
  });

  // The arrivals of op-4 are not due: its client was told nothing.
  const due = each(ledger.arrivals).filter((index) => ledger.arrivals[index]?.operationId !== "op-4");
  it.each(due)("turns red when webhook %i is dropped", (index) => {
    expect(faultsIn({ ...ledger, arrivals: without(ledger.arrivals, index) }, effects)).toHaveLength(1);
  });

  it.each(due.slice(0, -2))("turns red when the event of webhook %i is told twice, under two ids", (index) => {
    const doubled = { ...(ledger.arrivals[index] as Arrival), webhookId: "another" };
    expect(faultsIn({ ...ledger, arrivals: [...ledger.arrivals, doubled] }, effects)).not.toEqual([]);
  });

  it("turns red when an operation ends twice, though nobody was told that it was taken", () => {
    const second = { endpoint: "a", webhookId: "another", type: "operation.failed", operationId: "op-4" };
    expect(faultsIn({ ...ledger, arrivals: [...ledger.arrivals, second] }, effects)).toHaveLength(1);
  });

  it.each(each(ledger.operations))("turns red when accepted operation %i is dropped", (index) => {
    const operations = without(effects.operations, index);
    expect(faultsIn(ledger, { ...effects, operations })).not.toEqual([]);
  });

  it.each(each(effects.operations))("turns red when operation %i has not ended, or otherwise", (index) => {
    for (const status of ["running", effects.operations[index]?.status === "failed" ? "succeeded" : "failed"]) {
      const operations = effects.operations.map((each, at) => (at === index ? { ...each, status } : each));
      expect(faultsIn(ledger, { ...effects, operations })).not.toEqual([]);
    }
  });

  it.each(each(effects.orders))("turns red when order %i is dropped, doubled, or in another state", (index) => {
    const order = effects.orders[index] as (typeof effects.orders)[number];
    const dropped = without(effects.orders, index);
    for (const orders of [dropped, [...effects.orders, order], [...dropped, { ...order, status: "reserved" }]]) {
      expect(faultsIn(ledger, { ...effects, orders })).not.toEqual([]);
    }
  });

  it.each(each(effects.charges))("turns red when charge %i is dropped or refunded wrongly, or made twice", (index) => {
    const charge = effects.charges[index] as (typeof effects.charges)[number];
    const other = without(effects.charges, index);
    const turned = [...other, { ...charge, isRefunded: !charge.isRefunded }];
    const doubled = [...effects.charges, { ...charge, id: "ch-twice", isRefunded: false }];
    const dropped = charge.isRefunded ? [] : [other];
    for (const charges of [turned, doubled, ...dropped]) {
      expect(faultsIn(ledger, { ...effects, charges })).toHaveLength(1);
    }
  });

  it.each([-1, 1])("turns red when the stock is off by %i", (off) => {
    const taken = new Map(effects.taken).set("sku-2", 1 + off);
    expect(faultsIn(ledger, { ...effects, taken })).toHaveLength(1);
    expect(faultsIn(ledger, { ...effects, taken: new Map(effects.taken).set("sku-9", off) })).toHaveLength(1);
  });
});
