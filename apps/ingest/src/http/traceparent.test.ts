import { expect, test } from "vitest";
import { traceparentOf } from "./traceparent.ts";

const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const shape = /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;

test("carries a valid trace on", () => {
  expect(traceparentOf(valid)).toBe(valid);
});

test.each([
  undefined,
  "",
  valid.toUpperCase(),
  `ff${valid.slice(2)}`,
  `${valid}-extra`,
  "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
  "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
])("begins another one for %j", (header) => {
  expect(traceparentOf(header)).toMatch(shape);
});

test("a thousand traces are a thousand different ones", () => {
  expect(new Set(Array.from({ length: 1000 }, () => traceparentOf(undefined))).size).toBe(1000);
});
