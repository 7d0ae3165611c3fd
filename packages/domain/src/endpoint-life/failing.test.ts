import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../delivery/after-attempt.ts";
import { type AttemptTally, tallied } from "./attempt-tally.ts";
import { isFailingForGood, DEFAULT_FAILING_POLICY as policy } from "./failing.ts";

const dayMs = 86_400_000;
const ok: AttemptOutcome = { kind: "accepted", status: 204 };
const down: AttemptOutcome = { kind: "refused", status: 503 };
const poison: AttemptOutcome = { kind: "refused", status: 422 };

describe("an endpoint is disabled", () => {
  it.each([
    [5 * dayMs, 5, true],
    [30 * dayMs, 400, true],
    [5 * dayMs - 1, 400, false],
    [5 * dayMs, 4, false],
    [0, 1_000_000, false],
  ])("after %i ms and %i failures: %s", (failingForMs, failures, expected) => {
    expect(isFailingForGood({ failingForMs, failures }, policy)).toBe(expected);
  });

  it("though its attempts may be a day and a fifth apart: the gap that forgets is longer", () => {
    expect(policy.forgetAfterMs).toBeGreaterThan(1.2 * dayMs);
    expect(policy.forgetAfterMs).toBeLessThan(policy.disableAfterMs);
  });
});

describe("a tally of attempts", () => {
  const tallyOf = (...outcomes: AttemptOutcome[]) =>
    outcomes.reduce<AttemptTally | undefined>((tally, outcome, n) => tallied(tally, outcome, n * 10), undefined);

  it("counts failures from the first to the last, and those of the receiver apart", () => {
    const failures = { count: 3, receiverCount: 2, firstAtMs: 0, lastAtMs: 20 };
    expect(tallyOf(down, poison, down)).toEqual({ succeeded: false, failures });
  });

  it("forgets what failed before a success, and keeps what failed after it", () => {
    expect(tallyOf(down, down, ok)).toEqual({ succeeded: true });
    expect(tallyOf(down, ok, poison)).toEqual({
      succeeded: true,
      failures: { count: 1, receiverCount: 0, firstAtMs: 20, lastAtMs: 20 },
    });
  });

  it("is a success exactly when one of them was, and counts exactly what came after the last one", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(ok, down, poison), { minLength: 1 }), (outcomes) => {
        const tally = tallyOf(...outcomes);
        const after = outcomes.slice(outcomes.lastIndexOf(ok) + 1);
        expect(tally?.succeeded).toBe(outcomes.includes(ok));
        expect(tally?.failures?.count ?? 0).toBe(after.length);
        expect(tally?.failures?.receiverCount ?? 0).toBe(after.filter((one) => one === down).length);
      }),
    );
  });
});
