import { expect, test } from "vitest";
import { readCursor, writeCursor } from "./cursor.ts";

const a = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const b = "00000000-0000-0000-0000-000000000000";

test("gives back the ids that it was made of", () => {
  expect(readCursor(writeCursor(a), 1)).toEqual([a]);
  expect(readCursor(writeCursor(a, b), 2)).toEqual([a, b]);
});

test.each([
  ["", 1],
  ["x", 1],
  [writeCursor("not an id"), 1],
  [writeCursor(a, b), 1],
  [writeCursor(a), 2],
  [`${writeCursor(a)}=`, 1],
  [` ${writeCursor(a)}`, 1],
])("refuses %j where %i ids are wanted", (text, parts) => {
  expect(() => readCursor(text, parts)).toThrow(expect.objectContaining({ code: "invalid-cursor" }));
});
