import type { PartitionPosition } from "@postback/kafka";
import { expect, it } from "vitest";
import { PassedOffsets } from "./produce-again.ts";

const at = (partition: number, lowWater: number | undefined) => ({ partition, lowWater }) as PartitionPosition;

it("knows what the consumer had passed long enough ago, and nothing of what it passed since", () => {
  const passed = new PassedOffsets();
  passed.note(0, [at(0, 10), at(1, undefined)]);
  passed.note(20_000, [at(0, 20), at(1, 5)]);
  expect([...passed.take(59_999, 60_000)]).toEqual([]);
  expect([...passed.take(60_000, 60_000)]).toEqual([[0, 10]]);
  expect([...passed.take(79_999, 60_000)]).toEqual([[0, 10]]);
  passed.note(80_000, [at(0, 99)]);
  expect([...passed.take(80_000, 60_000)]).toEqual([
    [0, 20],
    [1, 5],
  ]);
});
