import { expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

it.each([
  ['{"a":1}', undefined],
  ["", /not JSON/],
  ["{", /not JSON/],
])("judges %j", (text, fault) => {
  const found = jsonFault(Buffer.from(text));
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(fault);
});

it("says that there is none, or that it is no UTF-8", () => {
  expect(jsonFault(null)).toMatch(/no body/);
  expect(jsonFault(Buffer.from([0xc3, 0x28]))).toMatch(/UTF-8/);
});
