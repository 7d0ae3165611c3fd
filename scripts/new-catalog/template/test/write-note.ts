import assert from "node:assert/strict";
import { test } from "node:test";
import { joinCatalogs, validateInput } from "@postback/operations";
import catalog from "../src/catalog.ts";
import { wordsIn, writeNote } from "../src/write-note.ts";

test("the catalog keeps every rule, and its example is accepted", () => {
  const { operations } = joinCatalogs([catalog]);
  assert.deepEqual(
    operations.map(({ example }) => validateInput(writeNote, example).ok),
    [true],
  );
});

test("a note without a name is refused, with a pointer to the field", () => {
  const checked = validateInput(writeNote, { name: "", text: "bread" });
  assert.deepEqual(checked.ok ? [] : checked.errors.map(({ pointer }) => pointer), ["/input/name"]);
});

test("words are counted, not spaces", () => {
  assert.equal(wordsIn("  bread  and\nbutter "), 3);
});
