import { expect, test } from "vitest";
import { readMark, writeMark } from "./mark.ts";

test("is found in a webhook's body", () => {
  const mark = { run: 3, sequence: 120_000, sentAtUs: 3_271_000_123 };
  const body = {
    type: "bench.posted",
    timestamp: "2026-11-24T08:00:00.000Z",
    data: { orderId: writeMark(mark), a: 1 },
  };
  expect(readMark(Buffer.from(JSON.stringify(body)))).toEqual(mark);
});

test("has whole microseconds", () => {
  expect(writeMark({ run: 0, sequence: 1, sentAtUs: 12.7 })).toBe("bench-0-1-13");
});

test.each(["", "{}", '{"orderId":"order-1"}', '"bench-"', '"bench-1-2"', '"bench-1-2-"'])("is not in %j", (body) => {
  expect(readMark(Buffer.from(body))).toBeUndefined();
});
