import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterCompensation,
  afterRun,
  type DefinitionShape,
  initialState,
  isFinal,
  nextAction,
  type OperationRequest,
  type OperationState,
  type StepOutcome,
  type StepShape,
} from "./index.ts";

const start = new Date("2026-11-24T09:00:00.000Z");
const deadlineMs = 60_000;

const policy = fc.record({
  attemptsMax: fc.integer({ min: 1, max: 3 }),
  firstDelayMs: fc.integer({ min: 1, max: 20_000 }),
  factor: fc.constantFrom(1, 2),
  delayMaxMs: fc.constant(40_000),
  jitter: fc.constantFrom(0, 0.2),
});
const undoing = fc.constantFrom(
  { compensable: true },
  { compensable: false, irreversible: "it is" },
  { compensable: false },
);
const stepArbitrary = fc
  .record({
    kind: fc.constantFrom("transaction", "http", "task"),
    undo: undoing,
    retry: policy,
    compensateRetry: policy,
  })
  .map(({ undo, kind, ...policies }) => ({ kind, ...undo, ...policies }) as Omit<StepShape, "name">);
const shapeArbitrary: fc.Arbitrary<DefinitionShape> = fc
  .array(stepArbitrary, { minLength: 1, maxLength: 5 })
  .map((steps) => ({ deadlineMs, steps: steps.map((step, index) => ({ ...step, name: `step-${index}` })) }));

const error = { code: "broken", message: "It broke" };
const effect = fc.constantFrom("none" as const, "unknown" as const);
const outcomeArbitrary: fc.Arbitrary<StepOutcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: "done" as const, output: 1 }) },
  { weight: 1, arbitrary: effect.map((effect) => ({ kind: "transient" as const, error, effect })) },
  { weight: 1, arbitrary: effect.map((effect) => ({ kind: "permanent" as const, error, effect })) },
);
const requestArbitrary: fc.Arbitrary<OperationRequest | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom("cancel", "retry", "skip").map((kind) => ({ kind }) as OperationRequest) },
);
const turnArbitrary = fc.record({
  outcome: outcomeArbitrary,
  request: requestArbitrary,
  dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  laterMs: fc.integer({ min: 0, max: 5_000 }),
});
const script = fc.tuple(shapeArbitrary, fc.array(turnArbitrary, { maxLength: 60 }));
type Turn = typeof turnArbitrary extends fc.Arbitrary<infer T> ? T : never;

interface Walk {
  states: OperationState[];
  /** What a bystander saw: steps whose effect may be there, told by the calls alone, not by the machine. */
  ledger: Set<string>;
}

/** As a row does: times in columns of their own, all else as JSON. */
const saveAndLoad = ({ deadlineAt, nextAttemptAt, ...rest }: OperationState): OperationState => {
  const state = { ...JSON.parse(JSON.stringify(rest)), deadlineAt };
  return nextAttemptAt === undefined ? state : { ...state, nextAttemptAt };
};

/** Plays an owner: asks what to do, does it with the scripted outcome, saves and loads between any two. */
function walk(shape: DefinitionShape, turns: readonly Turn[], reload = saveAndLoad): Walk {
  const states = [initialState(shape, start)];
  const ledger = new Set<string>();
  let now = start;
  for (const turn of turns) {
    const state = reload(states.at(-1) as OperationState);
    now = new Date(Math.max(now.getTime(), state.nextAttemptAt?.getTime() ?? 0) + turn.laterMs);
    states.push(advance(state, shape, turn, now, ledger));
  }
  return { states, ledger };
}

function advance(state: OperationState, shape: DefinitionShape, turn: Turn, now: Date, ledger: Set<string>) {
  const { outcome } = turn;
  const action = nextAction(state, shape, now, turn.request);
  const kind = shape.steps.find(({ name }) => name === state.step)?.kind;
  switch (action.kind) {
    case "run":
      if (outcome.kind === "done" || outcome.effect === "unknown") ledger.add(action.step);
      return afterRun(state, shape, outcome, now, turn.dice);
    case "compensate":
      if (outcome.kind === "done") ledger.delete(action.step);
      return afterCompensation(state, shape, outcome, now, turn.dice);
    case "turn":
      if (state.cause === undefined && kind !== "transaction" && state.step !== undefined) ledger.add(state.step);
      return action.state;
    default:
      return state;
  }
}

test("a final state is never left", () => {
  fc.assert(
    fc.property(script, ([shape, turns]) => {
      const { states } = walk(shape, turns);
      const end = states.findIndex(({ status }) => isFinal(status));
      if (end >= 0) for (const later of states.slice(end)) expect(later).toEqual(states[end]);
    }),
  );
});

test("attempts only grow, and what went back never goes forward again", () => {
  fc.assert(
    fc.property(script, ([shape, turns]) => {
      const { states } = walk(shape, turns);
      for (const [index, after] of states.slice(1).entries()) {
        const before = states[index] as OperationState;
        if (before.cause !== undefined) expect(after.cause).toEqual(before.cause);
        for (const [place, step] of after.steps.entries()) {
          const earlier = before.steps[place];
          expect(step.attempts).toBeGreaterThanOrEqual(earlier?.attempts ?? 0);
          expect(step.compensateAttempts).toBeGreaterThanOrEqual(earlier?.compensateAttempts ?? 0);
          if (before.cause !== undefined) expect(step.attempts).toBe(earlier?.attempts);
        }
      }
    }),
  );
});

test("what is done at once changes one step alone, and steps are begun in order and undone in reverse", () => {
  fc.assert(
    fc.property(script, ([shape, turns]) => {
      const places = walk(shape, turns).states.map((state) => ({
        back: state.cause !== undefined,
        place: state.steps.findIndex(({ name }) => name === state.step),
      }));
      for (const [index, { back, place }] of places.slice(1).entries()) {
        const before = places[index];
        if (before === undefined || place < 0 || before.place < 0) continue;
        if (!back) expect(place - before.place).toBeOneOf([0, 1]);
        else expect(place).toBeLessThanOrEqual(before.place);
      }
    }),
  );
});

test("rolledBack is true exactly when nothing that may have been done and counts is left", () => {
  fc.assert(
    fc.property(script, ([shape, turns]) => {
      const { states, ledger } = walk(shape, turns);
      const last = states.at(-1) as OperationState;
      if (last.status !== "failed" && last.status !== "cancelled") return;
      const counts = shape.steps.filter(({ compensable, irreversible }) => compensable || irreversible !== undefined);
      const left = counts.filter(({ name }) => ledger.has(name)).map(({ name }) => name);
      expect(last.error?.notUndone?.map(({ step }) => step) ?? []).toEqual(left);
      expect(last.error?.rolledBack).toBe(left.length === 0);
    }),
    { numRuns: 500 },
  );
});

test("every path ends whole, rolled back or stuck", () => {
  fc.assert(
    fc.property(shapeArbitrary, fc.array(turnArbitrary, { minLength: 100, maxLength: 100 }), (shape, turns) => {
      const unasked = turns.map((turn) => ({ ...turn, request: undefined }));
      const { states } = walk(shape, unasked);
      const last = states.at(-1) as OperationState;
      expect(["succeeded", "failed", "stuck"]).toContain(last.status);
      if (last.status === "succeeded") expect(last.steps.every(({ status }) => status === "succeeded")).toBe(true);
    }),
  );
});

test("replaying the same outcomes gives the same states, whether or not they were saved and loaded between", () => {
  fc.assert(
    fc.property(script, ([shape, turns]) => {
      expect(walk(shape, turns).states).toEqual(walk(shape, turns, (state) => state).states);
    }),
  );
});
