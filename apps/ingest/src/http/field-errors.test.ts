import { expect, test } from "vitest";
import { z } from "zod";
import { fieldErrors, jsonPointer } from "./field-errors.ts";

test("writes a path as a JSON pointer, escaped", () => {
  expect(jsonPointer(["items", 0, "a/b~c"])).toBe("/items/0/a~1b~0c");
  expect(jsonPointer([])).toBe("");
});

test("names each unknown key by a pointer of its own", () => {
  const { error } = z.strictObject({ a: z.number() }).safeParse({ a: "x", b: 1, c: 2 });
  expect(error && fieldErrors(error, ["input"]).map(({ pointer }) => pointer)).toEqual([
    "/input/a",
    "/input/b",
    "/input/c",
  ]);
});
