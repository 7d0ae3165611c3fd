import { expect, test } from "vitest";
import { entityTag, isKnown } from "./entity-tag.ts";

test("other bytes have another tag", () => {
  expect(entityTag('{"a":1}')).toMatch(/^"[\w-]{22}"$/);
  expect(entityTag('{"a":1}')).not.toBe(entityTag('{"a":2}'));
});

test.each([
  ['"x"', true],
  ['W/"x"', true],
  ['"y", "x"', true],
  ["*", true],
  ['"y"', false],
  ["x", false],
  [undefined, false],
])("If-None-Match %s knows the tag: %s", (header, known) => {
  expect(isKnown(header, '"x"')).toBe(known);
});
