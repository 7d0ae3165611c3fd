import { expect, test } from "vitest";
import { customHeaderErrors } from "./check-custom-headers.ts";

test("takes ordinary headers", () => {
  expect(customHeaderErrors({ Authorization: "Bearer abc", "x-team": "caf\u00e9", "x-empty": "" })).toEqual([]);
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
  ["traceparent", "x"],
  ["Webhook-Id", "mine"],
  ["x y", "1"],
  ["", "1"],
  ["x-a", "1\r\nx-b: 2"],
  ["x-a", "nul\u0000"],
  ["x-a", "\u20ac"],
])("refuses %j: %j", (name, value) => {
  expect(customHeaderErrors({ [name]: value })).toHaveLength(1);
});

test("refuses a name that is given twice in different case", () => {
  expect(customHeaderErrors({ "x-a": "1", "X-A": "2" })).toMatchObject([{ pointer: "/headers/X-A" }]);
});

test("refuses more than 20, or more than 4 KiB in all", () => {
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "1"]));
  expect(customHeaderErrors(many)).toHaveLength(1);
  expect(customHeaderErrors({ "x-a": "v".repeat(4094) })).toHaveLength(1);
  expect(customHeaderErrors({ "x-a": "v".repeat(4093) })).toEqual([]);
});
