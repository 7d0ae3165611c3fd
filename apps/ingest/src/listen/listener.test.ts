import { afterEach, expect, test, vi } from "vitest";
import { Listener, type RelayedWebhook } from "./listener.ts";

afterEach(() => void vi.useRealTimers());

function listening() {
  const sent: RelayedWebhook[] = [];
  return { sent, listener: new Listener((webhook) => sent.push(webhook)) };
}

test("hands each webhook over with a number of its own, and gives each its own answer", async () => {
  const { listener, sent } = listening();
  const [first, second] = [listener.relay({ a: "1" }, "x"), listener.relay({}, "y")];
  expect(sent).toEqual([
    { webhook: 1, headers: { a: "1" }, body: "x" },
    { webhook: 2, headers: {}, body: "y" },
  ]);
  expect(listener.answer(2, { status: 500 })).toBe(true);
  expect(listener.answer(1, { status: 204 })).toBe(true);
  expect(listener.answer(1, { status: 204 })).toBe(false);
  expect(await first).toEqual({ status: 204 });
  expect(await second).toEqual({ status: 500 });
});

test("no answer in time is 504, and one that comes later is nobody's", async () => {
  vi.useFakeTimers();
  const { listener } = listening();
  const answer = listener.relay({}, "x");
  await vi.advanceTimersByTimeAsync(28_000);
  expect(await answer).toMatchObject({ status: 504 });
  expect(listener.answer(1, { status: 204 })).toBe(false);
});

test("more than 16 that wait are refused, so that memory is bounded", async () => {
  const { listener, sent } = listening();
  const waiting = Array.from({ length: 16 }, () => listener.relay({}, "x"));
  expect(await listener.relay({}, "x")).toMatchObject({ status: 503 });
  expect(sent).toHaveLength(16);
  listener.close();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(16).fill(503));
});

test("after the client has gone every webhook is 410, which disables the endpoint", async () => {
  const { listener, sent } = listening();
  listener.close();
  expect(await listener.relay({}, "x")).toMatchObject({ status: 410 });
  expect(sent).toEqual([]);
});
