import { expect, test } from "vitest";
import { toJson } from "./json-value.ts";

test("keeps what is JSON and leaves out what is undefined", () => {
  expect(toJson({ a: [1, null, "x"], b: undefined, c: { d: true } }, 1_000)).toEqual({
    ok: true,
    value: { a: [1, null, "x"], c: { d: true } },
  });
});

const circular: Record<string, unknown> = {};
circular["self"] = circular;

test.each([
  ["a date", { at: new Date(0) }, /a Date at "\/at"/],
  ["NaN", [Number.NaN], /NaN \(number\) at "\/0"/],
  ["a bigint", 1n, /1 \(bigint\) at ""/],
  ["a function", { f: () => 1 }, /at "\/f"/],
  ["a hole in a list", [undefined], /undefined/],
  ["U+0000", { text: "a\u0000" }, /"\/text"/],
  ["a lone surrogate", "\ud800", /surrogate/],
  ["something that holds itself", circular, /nested deeper/],
  ["too many bytes", "é".repeat(500), /1002 bytes, more than 1000/],
])("refuses %s, saying where", (_, value, why) => {
  const checked = toJson(value, 1_000);
  expect(checked).toMatchObject({ ok: false, why: expect.stringMatching(why) });
});
