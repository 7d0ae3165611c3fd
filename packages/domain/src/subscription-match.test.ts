import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileSubscriptions, type EventPattern, isEventType, parsePattern } from "./subscription-match.ts";

function pattern(text: string): EventPattern {
  const parsed = parsePattern(text);
  if (!parsed) throw new Error(`not a pattern: ${text}`);
  return parsed;
}

/** The rule written down as a regular expression, to hold the index against. */
function matchesByRule(text: string, eventType: string): boolean {
  const source = text.split(".").map((s) => (s === "**" ? ".+" : s === "*" ? "[^.]+" : s));
  return new RegExp(`^${source.join("\\.")}$`).test(eventType);
}

describe("isEventType", () => {
  it.each(["order", "order.placed", "a.b.c.d", "stock_level.low-1", "0", "x".repeat(128)])("takes %j", (text) => {
    expect(isEventType(text)).toBe(true);
  });
  it.each([
    "",
    ".",
    "order.",
    ".placed",
    "a..b",
    "Order.placed",
    "order placed",
    "ordér",
    "order.*",
    "x".repeat(129),
    "a\n",
  ])("refuses %j", (text) => {
    expect(isEventType(text)).toBe(false);
  });
});

describe("parsePattern", () => {
  it.each(["order.placed", "order.*", "*.placed", "*", "**", "order.**", "*.*", "a.*.c.**"])("takes %j", (text) => {
    expect(parsePattern(text)?.text).toBe(text);
  });
  it.each([
    "",
    "***",
    "ord*",
    "order.pl*",
    "**.placed",
    "order.**.x",
    "order.",
    "order..*",
    "Order.*",
    "**.**",
    "a".repeat(129),
  ])("refuses %j", (text) => {
    expect(parsePattern(text)).toBeUndefined();
  });
});

describe("compileSubscriptions", () => {
  it.each([
    ["order.placed", ["order.placed"], ["order", "order.placed.twice", "order.cancelled"]],
    ["order.*", ["order.placed", "order.x"], ["order", "order.a.b", "stock.low"]],
    ["*.placed", ["order.placed"], ["placed", "a.b.placed"]],
    ["*", ["order"], ["order.placed"]],
    ["order.**", ["order.placed", "order.a.b.c"], ["order", "orders.a"]],
    ["**", ["order", "order.placed", "a.b.c"], []],
    ["a.*.c.**", ["a.b.c.d", "a.x.c.d.e"], ["a.b.c", "a.c.d", "a.b.x.d"]],
  ])("%s matches what it says and nothing else", (text, hits, misses) => {
    const index = compileSubscriptions([{ subscriber: "me", patterns: [pattern(text)] }]);
    for (const eventType of hits) expect(index.match(eventType)).toEqual(["me"]);
    for (const eventType of misses) expect(index.match(eventType)).toEqual([]);
  });

  it("names a subscriber once though several of its patterns match", () => {
    const patterns = ["order.placed", "order.*", "**", "*.placed"].map(pattern);
    expect(compileSubscriptions([{ subscriber: "me", patterns }]).match("order.placed")).toEqual(["me"]);
  });

  it("agrees with the rule for any patterns and types", () => {
    const segment = fc.constantFrom("a", "b", "c");
    const type = fc.array(segment, { minLength: 1, maxLength: 4 }).map((s) => s.join("."));
    const patternText = fc
      .tuple(fc.array(fc.oneof(segment, fc.constant("*")), { maxLength: 3 }), fc.boolean())
      .map(([segments, rest]) => (rest || segments.length === 0 ? [...segments, "**"] : segments).join("."));
    const subscriptions = fc.array(fc.array(patternText, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(subscriptions, type, (texts, eventType) => {
        const index = compileSubscriptions(texts.map((ts, subscriber) => ({ subscriber, patterns: ts.map(pattern) })));
        const expected = texts.flatMap((ts, i) => (ts.some((t) => matchesByRule(t, eventType)) ? [i] : []));
        expect([...index.match(eventType)].sort((x, y) => x - y)).toEqual(expected);
        expect(index.match(eventType)).toBe(index.match(eventType));
      }),
    );
  });

  it("still answers rightly after more event types than it remembers", () => {
    const index = compileSubscriptions([{ subscriber: "me", patterns: [pattern("order.*")] }]);
    for (let i = 0; i < 3000; i++) expect(index.match(`order.t${i}`)).toHaveLength(1);
    expect(index.match("order.t0")).toEqual(["me"]);
    expect(index.match("stock.t0")).toEqual([]);
  });
});
