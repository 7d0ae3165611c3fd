import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../delivery/after-attempt.ts";
import { DEFAULT_BREAKER_POLICY as policy } from "./breaker.ts";
import { attemptEnded, attemptStarted, type Lane, mayStart, newLane, withShare } from "./slots.ts";

const ok: AttemptOutcome = { kind: "accepted", status: 200 };
const down: AttemptOutcome = { kind: "refused", status: 503 };

const start = (lane: Lane, nowMs: number) => attemptStarted(lane, policy, nowMs);
const end = (lane: Lane, outcome: AttemptOutcome, nowMs: number, probe = false) =>
  attemptEnded(lane, { outcome, probe }, policy, nowMs, 0.5);

function opened(concurrency: number): Lane {
  let lane = newLane(concurrency, undefined, 0);
  for (let i = 0; i < policy.failuresToOpen; i++) lane = end(start(lane, 0), down, 0);
  return lane;
}

describe("mayStart", () => {
  it("lets as many run as the endpoint's concurrency, and one more when one has ended", () => {
    let lane = newLane(2, undefined, 0);
    lane = start(start(lane, 0), 0);
    expect(mayStart(lane, 0)).toEqual({ start: false, why: "concurrency" });
    expect(mayStart(end(lane, ok, 1), 1)).toEqual({ start: true, probe: false });
  });

  it("waits for the rate and says until when", () => {
    let lane = newLane(10, 2, 0);
    lane = start(start(lane, 0), 0);
    expect(mayStart(lane, 0)).toEqual({ start: false, why: "rate", untilMs: 500 });
    expect(mayStart(lane, 500)).toEqual({ start: true, probe: false });
  });

  it("waits while paused, also when all else would allow it", () => {
    const lane = { ...newLane(2, undefined, 0), pausedUntilMs: 1000 };
    expect(mayStart(lane, 999)).toEqual({ start: false, why: "paused", untilMs: 1000 });
    expect(mayStart(lane, 1000)).toEqual({ start: true, probe: false });
  });

  it("lets one probe through an open breaker at its time, and no second one beside it", () => {
    const lane = opened(4);
    expect(mayStart(lane, 4999)).toEqual({ start: false, why: "breaker", untilMs: 5000 });
    expect(mayStart(lane, 5000)).toEqual({ start: true, probe: true });
    const probed = start(lane, 5000);
    expect(mayStart(probed, 5001)).toMatchObject({ start: false, why: "breaker" });
    expect(mayStart(probed, 5000 + policy.probeLostAfterMs)).toEqual({ start: true, probe: true });
  });

  it("probes though attempts from before the opening are still out", () => {
    const lane = { ...opened(1), inFlight: 1 };
    expect(mayStart(lane, 5000)).toEqual({ start: true, probe: true });
  });

  it("opens up step by step after a probe that succeeded", () => {
    let lane = end(start(opened(4), 5000), ok, 5010, true);
    lane = start(lane, 5010);
    expect(mayStart(lane, 5010)).toEqual({ start: false, why: "concurrency" });
    lane = start(end(lane, ok, 5020), 5020);
    expect(mayStart(lane, 5020)).toEqual({ start: true, probe: false });
  });

  it("does not count what the receiver refuses for the message's sake", () => {
    let lane = newLane(3, undefined, 0);
    for (let i = 0; i < 20; i++) lane = end(start(lane, i), { kind: "refused", status: 422 }, i);
    expect(lane).toEqual(newLane(3, undefined, 0));
  });
});

describe("another share of the endpoint's limits", () => {
  const startable = (lane: Lane, nowMs: number): number => {
    let count = 0;
    for (let trial = lane; count < 1_000 && mayStart(trial, nowMs).start; trial = start(trial, nowMs)) count += 1;
    return count;
  };

  it("holds at once: what is out under a larger one counts, and nothing starts until it fits", () => {
    let lane = start(start(start(newLane(3, undefined, 0), 0), 0), 0);
    lane = withShare(lane, 2, undefined, 0);
    expect(mayStart(end(lane, ok, 1), 1).start).toBe(false);
    expect(mayStart(end(end(lane, ok, 1), ok, 2), 2).start).toBe(true);
  });

  it("is used whole at once where nothing failed, and grown into by successes where something did", () => {
    expect(startable(withShare(newLane(2, undefined, 0), 8, undefined, 0), 0)).toBe(8);
    const shaken = end(start(newLane(4, undefined, 0), 0), down, 0);
    const wider = withShare(shaken, 8, undefined, 0);
    expect(startable(wider, 0)).toBe(2);
    expect(startable(end(start(wider, 0), ok, 1), 1)).toBe(3);
  });

  it("may be none, without end: a lane comes back to life when it has one again", () => {
    let lane = withShare(start(newLane(1, undefined, 0), 0), 0, undefined, 0);
    expect(mayStart(lane, 0)).toEqual({ start: false, why: "concurrency" });
    lane = withShare(end(lane, down, 1), 4, undefined, 2);
    expect(startable(lane, 2)).toBe(1);
  });

  it("never brings more tokens than were left, nor more than the new rate may burst", () => {
    expect(startable(withShare(newLane(100, 10, 0), 100, 4, 0), 0)).toBe(4);
    let lane = newLane(100, 4, 0);
    for (let count = 0; count < 4; count += 1) lane = start(lane, 0);
    expect(startable(withShare(lane, 100, 10, 500), 500)).toBe(2);
  });

  it("that begins now begins with an empty bucket", () => {
    const lane = withShare(newLane(0, 10, 0), 100, 10, 60_000);
    expect([startable(lane, 60_000), startable(lane, 60_500)]).toEqual([0, 5]);
  });
});
