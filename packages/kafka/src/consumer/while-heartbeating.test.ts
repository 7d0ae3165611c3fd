import { expect, test } from "vitest";
import { whileHeartbeating } from "./while-heartbeating.ts";

const never = new AbortController().signal;

test("heartbeats go on until the work is done", async () => {
  const work = Promise.withResolvers<void>();
  let beats = 0;
  const heartbeat = async () => {
    beats += 1;
    if (beats === 3) work.resolve();
  };
  expect(await whileHeartbeating(work.promise, heartbeat, 1, never)).toBe(true);
  expect(beats).toBe(3);
});

test("work that is done quickly needs no heartbeat", async () => {
  const heartbeat = () => Promise.reject(new Error("not needed"));
  expect(await whileHeartbeating(Promise.resolve(), heartbeat, 1_000, never)).toBe(true);
});

test("an error of the heartbeat ends the waiting, for that is how a rebalance is heard of", async () => {
  const rebalancing = new Error("REBALANCE_IN_PROGRESS");
  const waiting = whileHeartbeating(new Promise(() => {}), () => Promise.reject(rebalancing), 1, never);
  await expect(waiting).rejects.toBe(rebalancing);
});

test("work that hangs is left alone when its generation has ended", async () => {
  const ended = new AbortController();
  const waiting = whileHeartbeating(new Promise(() => {}), async () => {}, 60_000, ended.signal);
  ended.abort();
  expect(await waiting).toBe(false);
});
