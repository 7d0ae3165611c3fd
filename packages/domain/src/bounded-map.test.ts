import { expect, it } from "vitest";
import { addBounded } from "./bounded-map.ts";

it("keeps the newest entries and never more than the bound", () => {
  const map = new Map<number, string>();
  for (let key = 0; key < 100; key++) {
    addBounded(map, key, `v${key}`, 3);
    expect(map.size).toBeLessThanOrEqual(3);
  }
  expect([...map]).toEqual([
    [97, "v97"],
    [98, "v98"],
    [99, "v99"],
  ]);
});
