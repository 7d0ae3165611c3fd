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

describe("an index that changes", () => {
  const segment = fc.constantFrom("a", "b");
  const patternText = fc
    .tuple(fc.array(fc.oneof(segment, fc.constant("*")), { maxLength: 3 }), fc.boolean())
    .map(([segments, rest]) => (rest || segments.length === 0 ? [...segments, "**"] : segments).join("."));
  const subscriptionOf = (subscriber: number, texts: readonly string[]) => ({
    subscriber,
    patterns: texts.map(pattern),
  });

  it("answers after any changes as one that was made anew", () => {
    const change = fc.record({ subscriber: fc.nat(4), texts: fc.array(patternText, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const index = compileSubscriptions<number>([]);
        const current = new Map<number, readonly string[]>();
        for (const { subscriber, texts } of changes) {
          index.match("a.b");
          index.remove(subscriptionOf(subscriber, current.get(subscriber) ?? []));
          index.add(subscriptionOf(subscriber, texts));
          current.set(subscriber, texts);
        }
        const anew = compileSubscriptions([...current].map(([subscriber, texts]) => subscriptionOf(subscriber, texts)));
        for (const type of ["a", "b", "a.b", "b.a", "a.a.b", "a.b.a.b"]) {
          expect([...index.match(type)].sort()).toEqual([...anew.match(type)].sort());
        }
      }),
    );
  });
});

describe("with 10,000 subscriptions of one tenant", () => {
  const endpoints = Array.from({ length: 10_000 }, (_, n) => {
    const texts = [`shop-${n % 2000}.order.placed`, `shop-${n % 2000}.*.cancelled`, `shop-${n % 500}.stock.**`];
    return { subscriber: n, patterns: texts.map(pattern) };
  });
  const index = compileSubscriptions(endpoints);
  // More types than the index remembers, so that each is looked for anew.
  const types = Array.from({ length: 2000 }, (_, n) => `shop-${n}.order.placed`);

  /** The least of some rounds, us per call: what else runs on the machine only ever adds. */
  function leastUs(calls: number, round: () => void): number {
    const rounds = Array.from({ length: 20 }, () => {
      const startedMs = performance.now();
      round();
      return ((performance.now() - startedMs) / calls) * 1000;
    });
    return Math.min(...rounds);
  }

  it("an event is matched in 5 us, with the 5 endpoints that it goes to, though its type was not seen before", () => {
    let matched = 0;
    const us = leastUs(types.length, () => {
      for (const type of types) matched += index.match(type).length;
    });
    expect(matched).toBe(20 * types.length * 5);
    expect(us).toBeLessThan(5);
  });

  it("a change of one costs no more than 20 us, the next match included", () => {
    const us = leastUs(1000, () => {
      for (const endpoint of endpoints.slice(0, 1000)) {
        index.remove(endpoint);
        index.add(endpoint);
        index.match("shop-1.order.placed");
      }
    });
    expect(us).toBeLessThan(20);
  });
});
