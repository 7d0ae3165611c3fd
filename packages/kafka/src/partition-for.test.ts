import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { murmur2, partitionFor } from "./partition-for.ts";

/** `UtilsTest.testMurmur2` of apache/kafka. */
const VECTORS: [string, number][] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];

test.each(VECTORS)("hashes %s as Kafka's Java client does", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

test("agrees with the client library's own hash on any bytes", () => {
  const theirs = createRequire(import.meta.url)("kafkajs/src/producer/partitioners/default/murmur2.js") as (
    bytes: Buffer,
  ) => number;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(murmur2(bytes)).toBe(theirs(Buffer.from(bytes)));
    }),
  );
});

test("a key is in the same partition as text and as bytes", () => {
  expect(partitionFor("t1:order:ä-42", 12)).toBe(partitionFor(Buffer.from("t1:order:ä-42"), 12));
});

test("every partition is between 0 and the number of partitions, and all are used", () => {
  const used = new Set<number>();
  for (let i = 0; i < 2_000; i += 1) used.add(partitionFor(`entity-${i}`, 12));
  expect([...used].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test.each([0, -1, 1.5, Number.NaN])("refuses %s partitions", (partitions) => {
  expect(() => partitionFor("key", partitions)).toThrow(RangeError);
});
