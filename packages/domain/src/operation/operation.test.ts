import { describe, expect, test } from "vitest";
import {
  afterCompensation,
  afterRun,
  afterTakeOver,
  type DefinitionShape,
  initialState,
  nextAction,
  type OperationState,
  operationEvent,
  ShapeMismatch,
  type StepOutcome,
  type StepShape,
} from "./index.ts";

const retry = { attemptsMax: 3, firstDelayMs: 1_000, factor: 2, delayMaxMs: 60_000, jitter: 0 };
const step = (name: string, kind: StepShape["kind"], extra: Partial<StepShape> = {}): StepShape => ({
  name,
  kind,
  compensable: true,
  retry,
  compensateRetry: retry,
  ...extra,
});
/** The shop's saga: stock in our database, a payment outside, the order in our database again. */
const saga: DefinitionShape = {
  deadlineMs: 3_600_000,
  steps: [
    step("reserve", "transaction"),
    step("charge", "http"),
    step("confirm", "transaction", { compensable: false }),
  ],
};
const start = new Date("2026-11-24T09:00:00.000Z");
const done: StepOutcome = { kind: "done" };
const refused: StepOutcome = { kind: "permanent", error: { code: "no", message: "No" }, effect: "none" };
const timedOut: StepOutcome = { kind: "transient", error: { code: "slow", message: "Slow" }, effect: "unknown" };
const deadlock: StepOutcome = { kind: "transient", error: { code: "deadlock", message: "Again" }, effect: "none" };

/** Brings the outcomes to the state one after another, waiting out what has to be waited for. */
function follow(shape: DefinitionShape, outcomes: readonly StepOutcome[], from = initialState(shape, start)) {
  const done: string[] = [];
  let state = from;
  for (const outcome of outcomes) {
    const now = state.nextAttemptAt ?? start;
    const action = nextAction(state, shape, now);
    if (action.kind !== "run" && action.kind !== "compensate") throw new Error(`${action.kind} awaits no outcome`);
    done.push(`${action.kind} ${action.step}`);
    state = (action.kind === "run" ? afterRun : afterCompensation)(state, shape, outcome, now, 0.5);
  }
  return { state, done };
}

const statuses = (state: OperationState) => state.steps.map(({ status }) => status);

describe("going forward", () => {
  test("runs the steps in order and ends with the result of the last", () => {
    const { state, done: performed } = follow(saga, [
      { kind: "done", output: { reserved: 2 } },
      done,
      { kind: "done", result: { orderId: "o-1" } },
    ]);
    expect(performed).toEqual(["run reserve", "run charge", "run confirm"]);
    expect(state).toMatchObject({ status: "succeeded", result: { orderId: "o-1" } });
    expect(state.steps[0]?.output).toEqual({ reserved: 2 });
    expect(state.step).toBeUndefined();
    expect(nextAction(state, saga, start)).toEqual({ kind: "ended" });
  });

  test("waits after a transient failure by its schedule, and counts the attempts", () => {
    const once = follow(saga, [deadlock]).state;
    expect(once).toMatchObject({
      status: "waiting",
      step: "reserve",
      nextAttemptAt: new Date(start.getTime() + 1_000),
    });
    expect(nextAction(once, saga, start)).toEqual({ kind: "wait", until: new Date(start.getTime() + 1_000) });
    const twice = follow(saga, [deadlock, deadlock]).state;
    expect(twice.nextAttemptAt).toEqual(new Date(start.getTime() + 3_000));
    expect(nextAction(twice, saga, new Date(start.getTime() + 3_000))).toEqual({
      kind: "run",
      step: "reserve",
      attempt: 3,
    });
  });

  test("a success takes away the error of the attempts before it", () => {
    const { state } = follow(saga, [deadlock, done]);
    expect(state.steps[0]).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(state.steps[0]).not.toHaveProperty("error");
    expect(state).not.toHaveProperty("nextAttemptAt");
  });

  test("waits at least as long as the service asked for", () => {
    const { state } = follow(saga, [{ ...deadlock, retryAfterMs: 90_000 }]);
    expect(state.nextAttemptAt).toEqual(new Date(start.getTime() + 90_000));
  });
});

describe("where the undoing begins", () => {
  const table: [name: string, outcomes: StepOutcome[], undone: string[]][] = [
    ["a refused first step leaves nothing to undo", [refused], []],
    ["a refused payment undoes the stock alone", [done, refused], ["reserve"]],
    [
      "a payment that timed out for good is undone as if done",
      [done, timedOut, timedOut, timedOut],
      ["charge", "reserve"],
    ],
    ["a refusal after a timeout proves nothing of the timeout", [done, timedOut, refused], ["charge", "reserve"]],
    ["a refused last step undoes payment, then stock", [done, done, refused], ["charge", "reserve"]],
    ["a transaction that gave up had no effect", [deadlock, deadlock, deadlock], []],
  ];
  test.each(table)("%s", (_, outcomes, undone) => {
    const { state, done: performed } = follow(saga, [...outcomes, ...undone.map(() => done)]);
    expect(performed.slice(outcomes.length)).toEqual(undone.map((name) => `compensate ${name}`));
    expect(state).toMatchObject({ status: "failed", error: { rolledBack: true } });
    expect(state.error).not.toHaveProperty("notUndone");
  });

  test("the error keeps code, message and step of the failure, the steps what became of them", () => {
    const { state } = follow(saga, [done, refused, done]);
    expect(state.error).toEqual({ code: "no", message: "No", step: "charge", rolledBack: true });
    expect(statuses(state)).toEqual(["compensated", "failed", "pending"]);
  });

  test("an irreversible step that may be done is named with its reason", () => {
    const why = "a letter can't be unsent";
    const shape = {
      ...saga,
      steps: [
        step("reserve", "transaction"),
        step("post", "http", { compensable: false, irreversible: why }),
        step("end", "task"),
      ],
    };
    const { state } = follow(shape, [done, done, refused, done]);
    expect(state.error).toMatchObject({ rolledBack: false, notUndone: [{ step: "post", why }] });
    const proven = follow(shape, [done, refused, done]).state;
    expect(proven.error?.rolledBack).toBe(true);
  });
});

describe("compensations", () => {
  const failing = [done, done, refused];

  test("are tried again by their own schedule, while the operation stays compensating", () => {
    const { state } = follow(saga, [...failing, timedOut]);
    expect(state).toMatchObject({ status: "compensating", step: "charge" });
    expect(state.nextAttemptAt).toEqual(new Date(start.getTime() + 1_000));
  });

  test.each([
    ["refused", [refused]],
    ["out of attempts", [timedOut, timedOut, timedOut]],
  ] as const)("one that is %s makes the operation stuck, which is not the end", (_, outcomes) => {
    const { state } = follow(saga, [...failing, ...outcomes]);
    expect(state).toMatchObject({ status: "stuck", step: "charge", error: { rolledBack: false } });
    expect(nextAction(state, saga, new Date("2030-01-01"))).toEqual({ kind: "stuck" });
  });
});

describe("requests", () => {
  const stuck = follow(saga, [done, done, refused, refused]).state;
  const turn = (state: OperationState, kind: "cancel" | "retry" | "skip", by?: string): OperationState => {
    const action = nextAction(state, saga, start, by === undefined ? { kind } : { kind, by });
    if (action.kind !== "turn") throw new Error(`a ${kind} was dropped: ${action.kind}`);
    return action.state;
  };

  test("a cancel before the start of a transaction ends the operation at once", () => {
    const state = turn(initialState(saga, start), "cancel");
    expect(state).toMatchObject({ status: "cancelled", error: { code: "cancelled", rolledBack: true } });
    expect(statuses(state)).toEqual(["pending", "pending", "pending"]);
  });

  test("a cancel at a step that calls out undoes it too, since it may have been begun", () => {
    const turned = turn(follow(saga, [done]).state, "cancel");
    const { state, done: performed } = follow(saga, [done, done], turned);
    expect(performed).toEqual(["compensate charge", "compensate reserve"]);
    expect(state.status).toBe("cancelled");
  });

  test("a skip goes on with the next, and the end names what stayed and who said so", () => {
    const turned = turn(stuck, "skip", "anna");
    const { state, done: performed } = follow(saga, [done], turned);
    expect(performed).toEqual(["compensate reserve"]);
    expect(state.error).toMatchObject({ rolledBack: false, notUndone: [{ step: "charge", why: "No", by: "anna" }] });
    expect(statuses(state)).toEqual(["compensated", "skipped", "failed"]);
  });

  test("a retry gives all attempts again and keeps counting", () => {
    const turned = turn(stuck, "retry");
    expect(nextAction(turned, saga, start)).toEqual({ kind: "compensate", step: "charge", attempt: 2 });
    expect(follow(saga, [timedOut, timedOut], turned).state.status).toBe("compensating");
    expect(follow(saga, [timedOut, timedOut, timedOut], turned).state.status).toBe("stuck");
    expect(follow(saga, [done, done], turned).state).toMatchObject({ status: "failed", error: { rolledBack: true } });
  });

  test.each([
    ["retry", follow(saga, [done]).state],
    ["skip", follow(saga, [done]).state],
    ["cancel", stuck],
    ["cancel", follow(saga, [done, refused]).state],
  ] as const)("a %s that means nothing is dropped", (kind, state) => {
    expect(nextAction(state, saga, start, { kind })).toEqual(nextAction(state, saga, start));
  });

  test("no request moves an operation that has ended", () => {
    const { state } = follow(saga, [refused]);
    expect(nextAction(state, saga, start, { kind: "cancel" })).toEqual({ kind: "ended" });
  });
});

describe("the deadline", () => {
  const late = new Date(start.getTime() + 3_600_000);

  test("sends back what has not ended, the current call as if done", () => {
    const action = nextAction(follow(saga, [done]).state, saga, late);
    expect(action).toMatchObject({
      kind: "turn",
      state: { status: "compensating", step: "charge", cause: { kind: "deadline", code: "deadline-exceeded" } },
    });
  });

  test("ends a wait that would pass it", () => {
    const near = new Date(late.getTime() - 500);
    const state = afterRun(initialState(saga, start), saga, deadlock, near, 0.5);
    expect(state).toMatchObject({ status: "failed", error: { code: "deadline-exceeded", step: "reserve" } });
  });

  test("doesn't stop the undoing", () => {
    expect(nextAction(follow(saga, [done, refused]).state, saga, late)).toMatchObject({ kind: "compensate" });
  });
});

test("a new owner counts the current call as possibly done, so its refusal is compensated", () => {
  const taken = afterTakeOver(follow(saga, [done]).state, saga);
  const { done: performed } = follow(saga, [refused, done, done], taken);
  expect(performed).toEqual(["run charge", "compensate charge", "compensate reserve"]);
  const transaction = initialState(saga, start);
  expect(afterTakeOver(transaction, saga)).toBe(transaction);
});

test("changed steps under the same revision are refused", () => {
  const renamed = { ...saga, steps: [step("reserve-it", "transaction")] };
  expect(() => nextAction(initialState(saga, start), renamed, start)).toThrow(ShapeMismatch);
});

test("an outcome that nobody waits for is refused", () => {
  const { state } = follow(saga, [done, refused]);
  expect(() => afterRun(state, saga, done, start, 0.5)).toThrow(/awaits no outcome of a run/);
  expect(() => afterCompensation(initialState(saga, start), saga, done, start, 0.5)).toThrow(/of a compensation/);
});

test("a status of the processor's own doesn't change the direction", () => {
  const back = { ...follow(saga, [done, refused]).state, status: "waiting" as const };
  expect(nextAction(back, saga, start)).toMatchObject({ kind: "compensate", step: "reserve" });
});

describe("what a transition tells", () => {
  const events = (outcomes: readonly StepOutcome[]) => {
    const before = follow(saga, outcomes.slice(0, -1)).state;
    return operationEvent(before, follow(saga, outcomes).state);
  };

  test.each([
    ["nothing of a step", [done], undefined],
    ["nothing of a wait", [deadlock], undefined],
    [
      "success with its result",
      [done, done, { kind: "done", result: 7 }],
      { type: "operation.succeeded", data: { status: "succeeded", result: 7 } },
    ],
    [
      "failure with its error",
      [refused],
      {
        type: "operation.failed",
        data: { status: "failed", error: { code: "no", message: "No", step: "reserve", rolledBack: true } },
      },
    ],
  ] as [string, StepOutcome[], unknown][])("%s", (_, outcomes, expected) => {
    expect(events(outcomes)).toEqual(expected);
  });

  test("stuck, naming what is stuck", () => {
    expect(events([done, done, refused, refused])).toMatchObject({
      type: "operation.stuck",
      data: { error: { step: "confirm", notUndone: [{ step: "charge", why: "No" }] } },
    });
  });
});
