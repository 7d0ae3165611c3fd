import { expect, test } from "vitest";
import { uuidV7At } from "../uuid-v7.ts";
import { isTooOld } from "./is-too-old.ts";

const dayMs = 86_400_000;
const nowMs = 1_790_000_000_000;

test.each([
  ["made now", 0, false],
  ["made 14 days ago less a millisecond", 14 * dayMs - 1, false],
  ["made 14 days ago", 14 * dayMs, true],
  ["made in the future", -dayMs, false],
])("a command %s, when keys live 14 days: %s ms of age, too old %s", (_, ageMs, expected) => {
  expect(isTooOld(uuidV7At(nowMs - ageMs), nowMs, 14 * dayMs)).toBe(expected);
});

test("an id that holds no time is never too old", () => {
  expect(isTooOld("0b8f5f4e-6b7e-4d0e-9a43-5a3c0d3b7f11", nowMs, dayMs)).toBe(false);
});
