import { expect, test } from "vitest";
import { LruMap } from "./lru-map.ts";

test("holds no more than its bound, and drops what was read longest ago", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.set("c", 3);
  expect([map.size, map.get("a"), map.get("b"), map.get("c")]).toEqual([2, 1, undefined, 3]);
});

test("forgets what it is told to", () => {
  const map = new LruMap<string, number>(10);
  for (const [key, value] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ] as const)
    map.set(key, value);
  map.delete("a");
  map.deleteWhere((value) => value > 2);
  expect([map.get("a"), map.get("b"), map.get("c"), map.size]).toEqual([undefined, 2, undefined, 1]);
});
