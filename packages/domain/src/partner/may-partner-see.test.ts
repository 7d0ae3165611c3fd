import { describe, expect, test } from "vitest";
import { mayPartnerSee, readGrant } from "./may-partner-see.ts";

const see = (kept: unknown, event: { type?: string; audience?: readonly string[] | null; data?: unknown } = {}) => {
  const { type = "order.placed", data = {}, ...rest } = event;
  return mayPartnerSee({ type, ...rest, content: () => ({ data }) }, { id: "me", grant: readGrant(kept) });
};

describe("a grant", () => {
  test.each([
    [["order.placed"], true],
    [["order.*"], true],
    [["**"], true],
    [["stock.*", "order.**"], true],
    [["order"], false],
    [["order.rejected"], false],
    [["*"], false],
    [["*.*.*"], false],
  ])("of %j shows order.placed: %s", (events, expected) => {
    expect(see({ events })).toBe(expected);
  });

  test.each([
    [{ events: [] }],
    [{}],
    [null],
    [undefined],
    ["**"],
    [{ events: "**" }],
    [{ events: [7, "no pattern!"] }],
  ])("%j shows nothing", (kept) => expect(see(kept)).toBe(false));

  const large = { events: ["**"], filter: { data: { amount: { $gte: 1000 } } } };
  test("with a filter shows what the filter matches, too, and nothing else", () => {
    expect(see(large, { data: { amount: 1000 } })).toBe(true);
    expect(see(large, { data: { amount: 999 } })).toBe(false);
    expect(see(large, { data: {} })).toBe(false);
  });

  test("shows nothing that it takes too long to judge", () => {
    const grant = { events: ["**"], filter: { data: { tags: { $in: ["a"] } } } };
    expect(see(grant, { data: { tags: ["a"] } })).toBe(true);
    expect(see(grant, { data: { tags: Array.from({ length: 20_000 }, () => "b") } })).toBe(false);
  });

  test("with a filter of a later version shows nothing", () => {
    expect(see({ events: ["**"], filter: { data: { amount: { $sounds: "large" } } } })).toBe(false);
  });

  test("without a filter never asks for the content", () => {
    const content = () => {
      throw new Error("was asked");
    };
    expect(mayPartnerSee({ type: "a", content }, { id: "me", grant: readGrant({ events: ["a"] }) })).toBe(true);
  });
});

describe("an event", () => {
  const all = { events: ["**"] };
  test.each([
    [undefined, true],
    [null, true],
    [["me"], true],
    [["other", "me"], true],
    [["other"], false],
    [[], false],
  ])("for the audience %j is shown to me: %s", (audience, expected) => {
    expect(see(all, audience === undefined ? {} : { audience })).toBe(expected);
  });

  test("about endpoints is for the tenant alone", () => {
    expect(see(all, { type: "endpoint.disabled", audience: ["me"] })).toBe(false);
  });

  test("for me is not shown beyond my grant", () => {
    expect(see({ events: ["stock.*"] }, { audience: ["me"] })).toBe(false);
  });
});
