import { newId } from "@postback/domain";
import { expect, test } from "vitest";
import { FeedPlace } from "./feed-place.ts";
import type { LogEvent } from "./log-event.ts";

const at = (offset: number, number?: bigint, id = newId()): LogEvent => ({
  partition: 0,
  offset,
  number,
  header: { v: 1, id, type: "a.b", tenant: newId(), acceptedAt: 0 },
  body: Buffer.from("{}"),
});
const start = () => new FeedPlace({ positions: new Map([[0, { offset: 10, number: 5n }]]), lately: [] });

test("tells an event once, by its number, however often it is in the log", () => {
  const place = start();
  expect([at(10, 6n), at(11, 7n), at(12, 6n), at(13, 7n), at(14, 8n)].map((event) => place.take(event))).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
  expect(place.cursor().positions.get(0)).toEqual({ offset: 15, number: 8n });
});

test("what was told before the cursor isn't told again after it", () => {
  const place = start();
  expect(place.take(at(9, 9n))).toBe(false);
  expect(place.take(at(10, 5n))).toBe(false);
  const direct = newId();
  expect(place.take(at(11, undefined, direct))).toBe(true);
  const resumed = new FeedPlace(place.cursor());
  expect(resumed.take(at(12, undefined, direct))).toBe(false);
  expect(resumed.take(at(13))).toBe(true);
});

test("remembers a bounded number of events without a number", () => {
  const place = start();
  const first = newId();
  place.take(at(10, undefined, first));
  for (let offset = 11; offset < 300; offset += 1) place.take(at(offset));
  expect(place.take(at(300, undefined, first))).toBe(true);
  expect(place.cursor().lately.length).toBeLessThanOrEqual(16);
});

test("a partition is read on, and only forward, unless the log goes on elsewhere", () => {
  const place = start();
  place.readTo(0, 20);
  place.readTo(0, 15);
  expect(place.offsetOf(0)).toBe(20);
  place.jumpTo(0, 3);
  expect(place.offsetOf(0)).toBe(3);
});
