import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../delivery/after-attempt.ts";
import {
  afterOutcome,
  type Breaker,
  closedBreaker,
  isFailureOfReceiver,
  DEFAULT_BREAKER_POLICY as policy,
  probeDue,
  probing,
} from "./breaker.ts";

const ok: AttemptOutcome = { kind: "accepted", status: 200 };
const down: AttemptOutcome = { kind: "unreachable", cause: "connect" };
const blocked: AttemptOutcome = { kind: "blocked", reason: "x" };
const CONCURRENCY = 8;

const after = (breaker: Breaker, outcome: AttemptOutcome, probe = false, nowMs = 0, dice = 0.5) =>
  afterOutcome(breaker, { outcome, probe }, CONCURRENCY, policy, nowMs, dice);

function afterMany(breaker: Breaker, outcomes: readonly AttemptOutcome[]): Breaker {
  return outcomes.reduce((b, outcome) => after(b, outcome), breaker);
}

const allowedOf = (breaker: Breaker) => (breaker.state === "closed" ? breaker.allowed : 0);

describe("isFailureOfReceiver", () => {
  it.each([500, 502, 503, 504, 599, 408, 429])("counts %i", (status) => {
    expect(isFailureOfReceiver({ kind: "refused", status })).toBe(true);
  });
  it.each(["dns", "connect", "tls", "timeout", "reset", "protocol", "proxy"] as const)(
    "counts unreachable by %s",
    (cause) => {
      expect(isFailureOfReceiver({ kind: "unreachable", cause })).toBe(true);
    },
  );
  it.each([301, 400, 401, 403, 404, 409, 410, 413, 422])("does not count %i", (status) => {
    expect(isFailureOfReceiver({ kind: "refused", status })).toBe(false);
  });
  it("counts neither success nor our own guard", () => {
    expect([ok, blocked].map(isFailureOfReceiver)).toEqual([false, false]);
  });
});

describe("a closed breaker", () => {
  it("opens after five failures in a row, not four, and a success in between starts the count anew", () => {
    const fresh = closedBreaker(CONCURRENCY);
    expect(afterMany(fresh, Array(4).fill(down)).state).toBe("closed");
    expect(afterMany(fresh, [...Array(4).fill(down), ok, ...Array(4).fill(down)]).state).toBe("closed");
    expect(afterMany(fresh, Array(5).fill(down))).toEqual({ state: "open", openings: 1, probeAtMs: 5000 });
  });

  it("is not opened by refusals of single messages", () => {
    const refusals = Array(50).fill({ kind: "refused", status: 422 });
    expect(afterMany(closedBreaker(CONCURRENCY), refusals)).toEqual(closedBreaker(CONCURRENCY));
  });

  it("halves what may run at a failure, never below one, and adds one at each success up to the limit", () => {
    const steps: [AttemptOutcome, number][] = [
      [down, 4],
      [down, 2],
      [ok, 3],
      [down, 1],
      [down, 1],
      [ok, 2],
    ];
    let breaker = closedBreaker(CONCURRENCY);
    for (const [outcome, allowed] of steps) {
      breaker = after(breaker, outcome);
      expect(allowedOf(breaker)).toBe(allowed);
    }
    expect(allowedOf(afterMany(breaker, Array(20).fill(ok)))).toBe(CONCURRENCY);
  });

  it("is unmoved by what our guard blocked", () => {
    const breaker = after(closedBreaker(CONCURRENCY), down);
    expect(after(breaker, blocked)).toEqual(breaker);
  });

  it("shrinks with an endpoint whose concurrency was lowered", () => {
    const lowered = afterOutcome(closedBreaker(50), { outcome: ok, probe: false }, 3, policy, 0, 0.5);
    expect(allowedOf(lowered)).toBe(3);
  });
});

describe("an open breaker", () => {
  const open = afterMany(closedBreaker(CONCURRENCY), Array(5).fill(down));

  it("is unmoved by attempts that were out when it opened", () => {
    for (const outcome of [ok, down, blocked]) expect(after(open, outcome)).toEqual(open);
    const halfOpen = probing(open, policy, 5000);
    for (const outcome of [ok, down, blocked]) expect(after(halfOpen, outcome)).toEqual(halfOpen);
  });

  it("closes at a probe's success and drains from one slot upwards", () => {
    const closed = after(probing(open, policy, 5000), ok, true);
    expect(closed).toEqual({ state: "closed", failuresInRow: 0, allowed: 1 });
    expect(allowedOf(afterMany(closed, [ok, ok, ok]))).toBe(4);
  });

  it("closes at a probe that is refused for the message's own sake", () => {
    expect(after(probing(open, policy, 5000), { kind: "refused", status: 404 }, true).state).toBe("closed");
  });

  it("doubles the wait at each failed probe, up to five minutes", () => {
    let breaker = open;
    const waitsMs: number[] = [];
    for (let i = 0; i < 9; i++) {
      breaker = after(probing(breaker, policy, 0), i % 2 ? down : blocked, true);
      waitsMs.push(breaker.state === "open" ? breaker.probeAtMs : 0);
    }
    expect(waitsMs).toEqual([10, 20, 40, 80, 160, 300, 300, 300, 300].map((seconds) => seconds * 1000));
  });

  it("stays within 20 % of the wait, whatever the dice", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (dice) => {
        const next = after(probing(open, policy, 0), down, true, 0, dice);
        return next.state === "open" && next.probeAtMs >= 8000 && next.probeAtMs <= 12_000;
      }),
    );
  });
});

it("of an endpoint that is tried again lets one probe through at once: its success closes, its failure opens it", () => {
  const due = probeDue(500);
  expect(due).toMatchObject({ state: "open", probeAtMs: 500 });
  const probed = probing(due, policy, 500);
  expect(after(probed, ok, true, 600)).toEqual(closedBreaker(1));
  expect(after(probed, down, true, 600)).toMatchObject({ state: "open", openings: 2 });
});

it("survives a trip through JSON, as it is kept in a row", () => {
  const open = afterMany(closedBreaker(CONCURRENCY), Array(5).fill(down));
  for (const breaker of [closedBreaker(4), open, probing(open, policy, 1)]) {
    expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker);
  }
});
