import { expect, test } from "vitest";
import { checkCustomHeaders } from "./check-custom-headers.ts";

test("takes ordinary headers", () => {
  expect(checkCustomHeaders({ Authorization: "Bearer abc", "x-team": "caf\u00e9", "x-empty": "" })).toEqual([]);
});

test.each([
  ["Host", "example.org"],
  ["Content-Length", "1"],
  ["Transfer-Encoding", "chunked"],
  ["Connection", "close"],
  ["TE", "trailers"],
  ["Trailer", "x"],
  ["Upgrade", "h2c"],
  ["Expect", "100-continue"],
  ["Proxy-Authorization", "x"],
  ["Webhook-Id", "mine"],
  ["x y", "1"],
  ["", "1"],
  ["x-a", "1\r\nx-b: 2"],
  ["x-a", "nul\u0000"],
  ["x-a", "\u20ac"],
])("refuses %j: %j", (name, value) => {
  expect(checkCustomHeaders({ [name]: value })).toHaveLength(1);
});

test("refuses a name that is given twice in different case", () => {
  expect(checkCustomHeaders({ "x-a": "1", "X-A": "2" })).toMatchObject([{ pointer: "/headers/X-A" }]);
});

test("refuses more than 20, or more than 4 KiB in all", () => {
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "1"]));
  expect(checkCustomHeaders(many)).toHaveLength(1);
  expect(checkCustomHeaders({ "x-a": "v".repeat(4094) })).toHaveLength(1);
  expect(checkCustomHeaders({ "x-a": "v".repeat(4093) })).toEqual([]);
});
