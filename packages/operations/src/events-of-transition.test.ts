import { afterRun, initialState, type StepOutcome } from "@postback/domain";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { defineOperation, type FailedContext } from "./define-operation.ts";
import { eventsOfTransition } from "./events-of-transition.ts";
import { shapeOf } from "./shape-of.ts";

const events = { "thing.refused": z.object({ id: z.string(), why: z.string() }) };
const thing = (onFailed: (context: FailedContext<{ id: string }, typeof events>) => void) =>
  defineOperation({
    type: "thing.make",
    revision: 1,
    input: z.object({ id: z.string() }),
    entity: { type: "thing", id: ({ id }) => id },
    events,
  })
    .transaction("make", { run: () => {} })
    .failed(onFailed);

const operation = { id: "op", type: "thing.make", revision: 1, tenantId: "t", entity: { type: "thing", id: "a" } };
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const now = new Date("2026-11-24T09:00:00.000Z");
const refused: StepOutcome = { kind: "permanent", error: { code: "no", message: "No" }, effect: "none" };

function eventsAfter(outcome: StepOutcome, onFailed: Parameters<typeof thing>[0]) {
  const definition = thing(onFailed);
  const shape = shapeOf(definition);
  const before = initialState(shape, now);
  const after = afterRun(before, shape, outcome, now, 0.5);
  return eventsOfTransition(definition, { operation, readInput: () => ({ id: "a" }), before, after, log });
}

test("a failure tells the definition's own event first, then operation.failed", () => {
  const told = eventsAfter(refused, ({ input, error, emit }) =>
    emit("thing.refused", { id: input.id, why: error.code }),
  );
  expect(told).toEqual([
    { type: "thing.refused", data: { id: "a", why: "no" } },
    {
      type: "operation.failed",
      data: { status: "failed", error: { code: "no", message: "No", step: "make", rolledBack: true } },
    },
  ]);
});

test("a success tells nothing of failure", () => {
  const onFailed = vi.fn();
  expect(eventsAfter({ kind: "done" }, onFailed)).toEqual([
    { type: "operation.succeeded", data: { status: "succeeded" } },
  ]);
  expect(onFailed).not.toHaveBeenCalled();
});

test("a wrong event of its own is logged, and the end is told all the same", () => {
  const told = eventsAfter(refused, ({ emit }) => emit("thing.refused", { id: 1 } as never));
  expect(told.map(({ type }) => type)).toEqual(["operation.failed"]);
  expect(log.error).toHaveBeenCalledOnce();
});
