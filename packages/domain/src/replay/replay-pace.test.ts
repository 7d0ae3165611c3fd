import { describe, expect, it } from "vitest";
import { adaptedPace, mayFeed, newPace, paceAfter, replayRate, replayWindow } from "./replay-pace.ts";

describe("a replay", () => {
  it.each([
    [8, 4],
    [2, 1],
    [1, 1],
    [256, 128],
  ])("of an endpoint with %i slots has %i of them at most", (concurrency, expected) => {
    expect(replayWindow({ concurrency })).toBe(expected);
  });

  it.each([
    [undefined, undefined, undefined],
    [5, undefined, 5],
    [undefined, 10, 5],
    [3, 10, 3],
    [100, 10, 5],
  ])("asked for %s a second, of an endpoint that allows %s, sends %s", (asked, ratePerSecond, expected) => {
    expect(replayRate(asked, { concurrency: 8, ratePerSecond })).toBe(expected);
  });

  it("fills its window and waits for attempts beyond it", () => {
    const pace = newPace(undefined, { concurrency: 8 }, 0);
    expect([0, 3, 4, 9].map((outstanding) => mayFeed(pace, outstanding, 0))).toEqual([4, 1, 0, 0]);
  });

  it("keeps its rate whatever the window allows", () => {
    let pace = newPace(10, { concurrency: 256 }, 0);
    let fed = 0;
    for (let nowMs = 0; nowMs <= 5_000; nowMs += 50) {
      const count = mayFeed(pace, 0, nowMs);
      pace = paceAfter(pace, count, nowMs);
      fed += count;
    }
    // A second's worth at once, then ten a second.
    expect(fed).toBe(60);
  });

  it("keeps its tokens when the endpoint's limits change, and takes over the new ones", () => {
    const spent = paceAfter(newPace(10, { concurrency: 8 }, 0), 10, 0);
    const slower = adaptedPace(spent, 10, { concurrency: 2, ratePerSecond: 2 }, 0);
    expect(mayFeed(slower, 0, 0)).toBe(0);
    expect(mayFeed(slower, 0, 999)).toBe(0);
    expect(mayFeed(slower, 0, 1_000)).toBe(1);
    expect(mayFeed(adaptedPace(spent, undefined, { concurrency: 8 }, 0), 0, 0)).toBe(4);
  });
});
