import { readGrant } from "@postback/domain";
import { expect, test } from "vitest";
import { isSeenBy } from "./seen-by.ts";

const partner = (kept: unknown) => ({ id: "p", grant: readGrant(kept) });
const told = (given: object = {}) => ({ type: "order.placed", body: Buffer.from('{"data":{"amount":5}}'), ...given });

test("the tenant itself sees all, whoever it is for and whatever it is", () => {
  expect(isSeenBy(undefined, told({ audience: [] }))).toBe(true);
  expect(isSeenBy(undefined, told({ body: "not json" }))).toBe(true);
});

test("a partner sees what grant and audience allow", () => {
  expect(isSeenBy(partner({ events: ["order.*"] }), told())).toBe(true);
  expect(isSeenBy(partner({ events: ["order.*"] }), told({ audience: ["q"] }))).toBe(false);
  expect(isSeenBy(partner({ events: [] }), told())).toBe(false);
  const above = (amount: number) => partner({ events: ["**"], filter: { data: { amount: { $gte: amount } } } });
  expect([5, 6].map((amount) => isSeenBy(above(amount), told()))).toEqual([true, false]);
});

test("what can't be judged is not shown", () => {
  const filter = { $not: { data: { amount: 1 } } };
  expect(isSeenBy(partner({ events: ["**"], filter }), told({ body: "not json" }))).toBe(false);
});
