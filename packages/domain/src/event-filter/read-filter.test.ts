import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FILTER_CONDITIONS_MAX, FILTER_LOOKS_MAX, type FilteredEvent, readFilter } from "./read-filter.ts";

const order = {
  entity: { type: "order", id: "order-17" },
  data: {
    amount: 4200,
    currency: "EUR",
    paid: true,
    note: null,
    customer: { id: "c-1", tags: ["vip", "eu"] },
    items: [
      { sku: "sku-1", quantity: 1 },
      { sku: "sku-2", quantity: 5, gift: true },
    ],
    empty: [],
    $ref: "x",
  },
};

function matches(filter: unknown, event: FilteredEvent = order): boolean {
  const read = readFilter(filter);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.filter.matches(event);
}

const data = (condition: unknown) => ({ data: condition });

describe("a filter", () => {
  it.each([
    // equality: same type, same value
    [{ amount: 4200 }, true],
    [{ amount: "4200" }, false],
    [{ amount: { $eq: 4200.0 } }, true],
    [{ paid: true, currency: "EUR" }, true],
    [{ paid: true, currency: "USD" }, false],
    [{ note: null }, true],
    [{ missing: null }, false],
    [{ customer: { id: "c-1" } }, true],
    // in, prefix
    [{ currency: { $in: ["USD", "EUR"] } }, true],
    [{ currency: { $in: ["USD"] } }, false],
    [{ amount: { $in: ["4200", 4200] } }, true],
    [{ note: { $in: [null] } }, true],
    [{ currency: { $prefix: "EU" } }, true],
    [{ currency: { $prefix: "eu" } }, false],
    [{ amount: { $prefix: "42" } }, false],
    // numbers
    [{ amount: { $gt: 4200 } }, false],
    [{ amount: { $gte: 4200 } }, true],
    [{ amount: { $gte: 1000, $lt: 5000 } }, true],
    [{ amount: { $gte: 1000, $lt: 4200 } }, false],
    [{ amount: { $lte: 4200 } }, true],
    [{ currency: { $gt: 0 } }, false],
    [{ missing: { $lt: 1 } }, false],
    [{ note: { $lte: 0 } }, false],
    // exists: null is there, a member of what is no object isn't
    [{ note: { $exists: true } }, true],
    [{ missing: { $exists: true } }, false],
    [{ missing: { $exists: false } }, true],
    [{ missing: { deeper: { $exists: false } } }, true],
    [{ currency: { deeper: { $exists: false } } }, true],
    [{ empty: { $exists: true } }, true],
    [{ constructor: { $exists: false } }, true],
    // and, or, not
    [{ $or: [{ amount: 1 }, { currency: "EUR" }] }, true],
    [{ $or: [{ amount: 1 }, { currency: "USD" }] }, false],
    [{ $and: [{ amount: 4200 }, { currency: "EUR" }] }, true],
    [{ currency: { $not: "EUR" } }, false],
    [{ missing: { $not: "EUR" } }, true],
    [{ amount: { $or: [1, { $gt: 4000 }] } }, true],
    [{ amount: 4200, $not: { currency: "EUR" } }, false],
    // arrays: any element, and one and the same for all that is said of it in one object
    [{ customer: { tags: "vip" } }, true],
    [{ customer: { tags: "us" } }, false],
    [{ items: { sku: "sku-2", quantity: { $gte: 5 } } }, true],
    [{ items: { sku: "sku-1", quantity: { $gte: 5 } } }, false],
    [{ $and: [{ items: { sku: "sku-1" } }, { items: { quantity: { $gte: 5 } } }] }, true],
    [{ items: { $not: { sku: "sku-1" } } }, false],
    [{ items: { sku: { $not: "sku-1" } } }, true],
    [{ items: { gift: { $exists: false } } }, true],
    [{ empty: "x" }, false],
    [{ empty: { $not: "x" } }, true],
    // a name that begins with $
    [{ $$ref: "x" }, true],
  ])("on data: %j is %j", (condition, expected) => {
    expect(matches(data(condition))).toBe(expected);
  });

  it.each([
    [{ entity: { type: "order" } }, true],
    [{ entity: { id: { $prefix: "order-" } }, data: { amount: 4200 } }, true],
    [{ $or: [{ entity: { type: "sku" } }, { data: { amount: { $gt: 1 } } }] }, true],
    [{ $not: { entity: { type: "order" } } }, false],
    [{ data: { $exists: true } }, true],
  ])("on the event: %j is %j", (filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });

  it("sees data that is no object, and an event without entity", () => {
    expect(matches({ data: { $gte: 5 } }, { data: 7 })).toBe(true);
    expect(matches({ data: "x" }, { data: ["a", ["x"]] })).toBe(true);
    expect(matches({ entity: { $exists: false } }, { data: 7 })).toBe(true);
    expect(matches({ entity: { type: "order" } }, { data: 7 })).toBe(false);
  });
});

describe("readFilter", () => {
  it.each([
    [[], "", "must be an object"],
    ["x", "", "must be an object"],
    [{}, "", "is empty"],
    [{ type: "x" }, "/type", 'is about "data" and "entity"'],
    [{ $gt: 1 }, "/$gt", "not known here"],
    [{ data: {} }, "/data", "is empty"],
    [{ data: { a: ["x"] } }, "/data/a", '"$in" takes a list'],
    [{ data: { a: { $in: "x" } } }, "/data/a/$in", "must be a list"],
    [{ data: { a: { $in: [] } } }, "/data/a/$in", "one or more"],
    [{ data: { a: { $in: [{}] } } }, "/data/a/$in", "must be a list of strings"],
    [{ data: { a: { $eq: {} } } }, "/data/a/$eq", "must be a string"],
    [{ data: { a: { $prefix: 1 } } }, "/data/a/$prefix", "must be a string"],
    [{ data: { a: { $prefix: "" } } }, "/data/a/$prefix", "must be a string"],
    [{ data: { a: { $gt: "1" } } }, "/data/a/$gt", "must be a number"],
    [{ data: { a: { $exists: 1 } } }, "/data/a/$exists", "must be true or false"],
    [{ data: { a: { $regex: "x" } } }, "/data/a/$regex", "is no operator"],
    [{ data: { "a/b": { $or: [] } } }, "/data/a~1b/$or", "must be a list of conditions"],
    [{ data: { $or: [{ a: 1 }, { a: { $in: 1 } }] } }, "/data/$or/1/a/$in", "must be a list"],
    [{ $or: [{ amount: 1 }] }, "/$or/0/amount", "is not known"],
    [{ $not: "x" }, "/$not", "must be an object"],
    [{ data: { a: { $gt: 1, b: 2 } } }, "/data/a", "has members and comparisons"],
    [JSON.parse('{"data":{"__proto__":{"a":1}}}'), "/data/__proto__", "can't be a member"],
  ])("refuses %j at %j, because it %s", (filter, pointer, message) => {
    expect(readFilter(filter)).toEqual({
      ok: false,
      problems: [{ pointer, message: expect.stringContaining(message) }],
    });
  });

  it("names every problem at once", () => {
    expect(readFilter({ data: { a: [], b: { $gt: "x" } }, more: 1 })).toMatchObject({
      problems: [{ pointer: "/data/a" }, { pointer: "/data/b/$gt" }, { pointer: "/more" }],
    });
  });

  it("is bounded in bytes, depth and conditions", () => {
    expect(readFilter(data("x".repeat(4096)))).toMatchObject({
      problems: [{ message: expect.stringContaining("bytes") }],
    });
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(readFilter(data(nested(9))).ok).toBe(true);
    expect(readFilter(data(nested(20)))).toMatchObject({ problems: [{ message: expect.stringContaining("deeper") }] });
    const many = (count: number) => data({ $or: Array.from({ length: count }, (_, n) => ({ a: n })) });
    expect(readFilter(many(FILTER_CONDITIONS_MAX)).ok).toBe(true);
    expect(readFilter(many(FILTER_CONDITIONS_MAX + 1))).toMatchObject({
      problems: [{ message: expect.stringContaining("conditions") }],
    });
  });

  it("matches an event in which it would have to look at too much, whatever it says", () => {
    const list = Array.from({ length: FILTER_LOOKS_MAX + 1 }, (_, n) => n);
    expect(matches(data({ list: -1 }), { data: { list: list.slice(10) } })).toBe(false);
    for (const filter of [{ list: -1 }, { list: { $not: -1 } }]) {
      expect(matches(data(filter), { data: { list } })).toBe(true);
    }
  });

  it("takes any JSON without throwing, and what it takes answers for any event", () => {
    const names = fc.constantFrom(
      "data",
      "entity",
      "a",
      "$eq",
      "$in",
      "$not",
      "$or",
      "$and",
      "$gt",
      "$exists",
      "$prefix",
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 6 },
        fc.jsonValue(),
        fc.dictionary(names, tie("json"), { maxKeys: 3 }),
        fc.array(tie("json"), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(json, fc.jsonValue(), (filter, event) => {
        const read = readFilter(filter);
        if (read.ok) expect(typeof read.filter.matches({ data: event })).toBe("boolean");
        else expect(read.problems.length).toBeGreaterThan(0);
      }),
    );
  });

  it("says of a filter and of its opposite never the same", () => {
    const value = fc.oneof(
      fc.constantFrom("x", "xy", 1, 2, null, true),
      fc.array(fc.constantFrom("x", 1), { maxLength: 3 }),
    );
    const condition = fc.oneof(
      fc.constantFrom("x", 1, null),
      fc.record({ $in: fc.array(fc.constantFrom("x", 1, 2), { minLength: 1 }) }),
      fc.record({ $prefix: fc.constantFrom("x", "xy") }),
      fc.record({ $gte: fc.constantFrom(1, 2) }),
      fc.record({ $exists: fc.boolean() }),
    );
    fc.assert(
      fc.property(condition, fc.record({ a: value }, { requiredKeys: [] }), (a, event) => {
        const is = (filter: object) => matches(filter, { data: event });
        expect(is(data({ a: { $not: a } }))).toBe(!is(data({ a })));
        expect(is({ $not: data({ a }) })).toBe(!is(data({ a })));
        expect(is(data({ a: { $or: [a, { $not: a }] } }))).toBe(true);
      }),
    );
  });
});
