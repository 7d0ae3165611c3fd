import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readFilter } from "@postback/domain";
import { expect, test } from "vitest";

const guide = readFileSync(fileURLToPath(new URL("../receive-webhooks.md", import.meta.url)), "utf8");
const code = (cell: string) => /^ *`(.*)` *$/.exec(cell)?.[1];

/** The rows of the guide's table of examples: filter, data that it matches, data that it doesn't. */
const rows = guide
  .split("\n")
  .map((line) => line.split("|").slice(1, -1).map(code))
  .filter((cells) => cells.length === 3 && cells.every((cell) => cell?.startsWith("{")))
  .map((cells) => cells.map((cell = "") => JSON.parse(cell)));

const [entityOfExamples] = /(?<=On an event with the entity `)[^`]+/.exec(guide) ?? [];
const entity = JSON.parse(entityOfExamples ?? "");

test("the guide has its examples of filters", () => {
  expect(rows.length).toBeGreaterThanOrEqual(13);
});

test.each(rows)("the filter %j matches %j and not %j, as the guide says", (filter, matching, other) => {
  const read = readFilter(filter);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  expect(read.filter.matches({ entity, data: matching })).toBe(true);
  expect(read.filter.matches({ entity, data: other })).toBe(false);
});

test("the guide's call sets a filter that can be read", () => {
  const body = /-d '(\{"filter":.*\})'/.exec(guide)?.[1] ?? "";
  expect(readFilter((JSON.parse(body) as { filter: unknown }).filter).ok).toBe(true);
});
