import { limits } from "@postback/contracts";
import { newId } from "@postback/domain";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CursorSeal, latelyMax, tagOf } from "./cursor.ts";

const secret = (byte: number) => Buffer.alloc(32, byte);
const seal = new CursorSeal([secret(1)]);
const tenantId = newId();

const anyPosition = fc.record({
  offset: fc.maxSafeNat(),
  number: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
});
const anyCursor = fc.record({
  positions: fc
    .dictionary(fc.nat({ max: 1_000 }).map(String), anyPosition)
    .map((found) => new Map(Object.entries(found).map(([partition, position]) => [Number(partition), position]))),
  lately: fc.array(fc.uuid({ version: 7 }).map(tagOf), { maxLength: latelyMax }),
});

test("what was written is read, whatever it is", () => {
  fc.assert(
    fc.property(anyCursor, (cursor) => {
      expect(seal.read("feed", tenantId, seal.write("feed", tenantId, cursor))).toEqual(cursor);
    }),
  );
});

const text = seal.write("feed", tenantId, { positions: new Map([[3, { offset: 7, number: 9n }]]), lately: [] });

test("no other tenant, no other kind, no change of it, nothing else is read", () => {
  expect(seal.read("feed", newId(), text)).toBeUndefined();
  expect(seal.read("operation", tenantId, text)).toBeUndefined();
  for (const other of ["", "x", "!", `${text}A`, text.slice(1), text.toUpperCase(), newId()]) {
    expect(seal.read("feed", tenantId, other)).toBeUndefined();
  }
});

test("an older key still reads, one that is gone doesn't", () => {
  expect(new CursorSeal([secret(2), secret(1)]).read("feed", tenantId, text)).toBeDefined();
  expect(new CursorSeal([secret(2)]).read("feed", tenantId, text)).toBeUndefined();
});

test.each([
  [48, 1_200],
  [1_000, limits.cursorMaxChars],
])("the cursor of %d partitions has at most %d characters", (count, most) => {
  const positions = new Map(Array.from({ length: count }, (_, i) => [i, { offset: 10 ** 9 + i, number: 5n << 40n }]));
  const lately = Array.from({ length: latelyMax }, () => tagOf(newId()));
  expect(seal.write("feed", tenantId, { positions, lately }).length).toBeLessThan(most);
});
