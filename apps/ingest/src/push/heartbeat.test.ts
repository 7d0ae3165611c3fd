import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { heartbeatEveryMs } from "./event-sink.ts";
import { startHeartbeat } from "./heartbeat.ts";

describe("a heartbeat", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("comes first after its share of the time, then each time after all of it, until it is ended", () => {
    const atMs: number[] = [];
    const beganAtMs = Date.now();
    const end = startHeartbeat(() => void atMs.push(Date.now() - beganAtMs), 0.2);
    vi.advanceTimersByTime(2.5 * heartbeatEveryMs);
    expect(atMs).toEqual([0.2, 1.2, 2.2].map((times) => times * heartbeatEveryMs));
    end();
    vi.advanceTimersByTime(5 * heartbeatEveryMs);
    expect(atMs).toHaveLength(3);
  });

  it("that is ended before the first never comes", () => {
    let beats = 0;
    startHeartbeat(() => {
      beats += 1;
    }, 0.5)();
    vi.advanceTimersByTime(5 * heartbeatEveryMs);
    expect(beats).toBe(0);
  });

  it("of streams that were opened together is spread over the time", () => {
    const ms = new Set<number>();
    const ends = Array.from({ length: 200 }, () => startHeartbeat(() => void ms.add(Date.now())));
    vi.advanceTimersByTime(heartbeatEveryMs);
    expect(ms.size).toBeGreaterThan(100);
    for (const end of ends) end();
  });
});
