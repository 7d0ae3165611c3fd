import type { Json } from "@postback/domain";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { defineOperation } from "./define-operation.ts";
import { type PerformStep, performStep } from "./perform-step.ts";
import { refuse } from "./refusal.ts";
import type { StepContext } from "./step-context.ts";
import type { StepOutput, TaskStep } from "./step-definition.ts";

const events = { "thing.made": z.object({ id: z.string(), size: z.number().default(1) }) };
type Input = { id: string; at: Date };
type Context = StepContext<Input, Record<never, never>, typeof events>;
const head = {
  type: "thing.make",
  revision: 3,
  input: z.object({ id: z.string(), at: z.coerce.date() }),
  entity: { type: "thing", id: ({ id }: Input) => id },
  events,
};
const task = (step: Partial<TaskStep<Input, Record<never, never>, typeof events, StepOutput>>) =>
  defineOperation(head).task("make", { run: () => {}, compensate: () => {}, ...step } as never);

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const operation = { id: "op-1", type: "thing.make", revision: 3, tenantId: "t-1", entity: { type: "thing", id: "a" } };

const perform = (definition: PerformStep["definition"], changes: Partial<PerformStep> = {}) =>
  performStep({
    definition,
    stepName: "make",
    direction: "run",
    operation,
    input: { id: "a", at: "2026-11-24T09:00:00.000Z" },
    outputs: {},
    attempt: 1,
    signal: new AbortController().signal,
    log,
    ...changes,
  });

test("gives the step its parsed input, key and attempt, and keeps what it gives and emits", async () => {
  const seen = vi.fn();
  const definition = task({
    run: (context: Context) => {
      seen(context.input, context.idempotencyKey, context.attempt, context.operation);
      context.emit("thing.made", { id: context.input.id }, { entity: { type: "part", id: "p" } });
      return { made: true, left: undefined } as never;
    },
  });
  const performed = await perform(definition, { attempt: 2 });
  expect(seen).toHaveBeenCalledWith({ id: "a", at: new Date("2026-11-24T09:00:00.000Z") }, "op-1:make", 2, operation);
  expect(performed).toEqual({
    outcome: { kind: "done", output: { made: true } },
    emitted: [{ type: "thing.made", data: { id: "a", size: 1 }, entity: { type: "part", id: "p" } }],
    abandoned: false,
    interrupted: false,
  });
});

test("a compensation gets the output and both keys", async () => {
  const seen = vi.fn();
  const compensate = (context: { output: unknown; idempotencyKey: string; runIdempotencyKey: string }) =>
    seen(context.output, context.idempotencyKey, context.runIdempotencyKey);
  const definition = task({ compensate } as never);
  await perform(definition, { direction: "compensate", outputs: { make: 7 } });
  await perform(definition, { direction: "compensate" });
  expect(seen.mock.calls).toEqual([
    [7, "op-1:make:compensate", "op-1:make"],
    [undefined, "op-1:make:compensate", "op-1:make"],
  ]);
});

test("the last step makes the operation's result", async () => {
  const definition = task({ run: () => 2 }).result((outputs: Record<string, unknown>, { id }: Input) => ({
    id,
    made: outputs["make"] as Json,
  }));
  expect((await perform(definition)).outcome).toEqual({ kind: "done", output: 2, result: { id: "a", made: 2 } });
  const longer = task({ run: () => 2 })
    .result(() => 1)
    .transaction("more", { run: () => {} });
  expect((await perform(longer)).outcome).toEqual({ kind: "done", output: 2 });
});

describe("a mistake of the definition is permanent, and possibly done where it isn't rolled back", () => {
  test.each([
    [
      "an event that isn't declared",
      "invalid-event",
      task({ run: ({ emit }: Context) => emit("thing.lost" as never, {} as never) }),
    ],
    [
      "an event that breaks its schema",
      "invalid-event",
      task({ run: ({ emit }: Context) => emit("thing.made", { id: 1 } as never) }),
    ],
    ["an output that is no JSON", "invalid-output", task({ run: () => new Date() as never })],
    ["an output that is too large", "invalid-output", task({ run: () => "x".repeat(65_536) })],
    [
      "a result that throws",
      "invalid-result",
      task({}).result(() => {
        throw new Error("no");
      }),
    ],
    ["a result that is no JSON", "invalid-result", task({}).result(() => undefined as never)],
  ])("%s", async (_, code, definition) => {
    const performed = await perform(definition);
    expect(performed).toMatchObject({
      outcome: { kind: "permanent", error: { code }, effect: "unknown" },
      emitted: [],
    });
  });

  test("a wrong event counts even when the step catches what it threw", async () => {
    const run = ({ emit }: Context) => {
      try {
        emit("thing.made", {} as never);
      } catch {
        return "went on";
      }
      return "never";
    };
    expect((await perform(task({ run }))).outcome).toMatchObject({ error: { code: "invalid-event" } });
  });

  test("too many events", async () => {
    const run = ({ emit }: Context) => {
      for (let n = 0; n <= 100; n += 1) emit("thing.made", { id: `${n}` });
    };
    expect((await perform(task({ run }))).outcome).toMatchObject({ error: { code: "invalid-event" } });
  });
});

test("an input that breaks the schema never reaches the step", async () => {
  const run = vi.fn();
  const { outcome } = await perform(task({ run }), { input: { id: 1 } });
  expect(outcome).toMatchObject({ kind: "permanent", error: { code: "invalid-input" }, effect: "none" });
  expect(run).not.toHaveBeenCalled();
});

test("what a failing step emitted is not told", async () => {
  const run = ({ emit }: Context) => {
    emit("thing.made", { id: "a" });
    throw refuse("no", "No");
  };
  expect(await perform(task({ run }))).toMatchObject({
    outcome: { kind: "permanent", error: { code: "no" } },
    emitted: [],
  });
});

test("of an error that may carry rows, URLs or secrets only allow-listed fields are logged", async () => {
  log.warn.mockClear();
  const database = Object.assign(new Error("key"), { severity: "ERROR", code: "23505", table: "t", detail: "secret" });
  const answer = Object.assign(new Error("secret"), { code: "ECONNRESET", options: "secret" });
  for (const error of [database, answer]) await perform(task({ run: () => Promise.reject(error) }));
  await perform(task({ run: () => Promise.reject(new TypeError("x is not a function")) }));
  const logged = log.warn.mock.calls.map(([fields]) => fields);
  expect(logged).toMatchObject([
    {
      step: "make",
      direction: "run",
      attempt: 1,
      outcome: "permanent",
      code: "database-23505",
      sqlState: "23505",
      table: "t",
    },
    { outcome: "transient", code: "no-answer" },
    { outcome: "transient", code: "unexpected-error", err: { type: "TypeError", message: "x is not a function" } },
  ]);
  expect(JSON.stringify(logged)).not.toContain("secret");
});

describe("time", () => {
  const hanging = () => new Promise<void>(() => {});
  const heeding = ({ signal }: Context) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  test("a step that takes too long ends as possibly done, and is left behind if it doesn't stop", async () => {
    const stubborn = await perform(task({ run: hanging, timeoutMs: 10 }));
    expect(stubborn).toMatchObject({
      outcome: { kind: "transient", error: { code: "step-timeout" }, effect: "unknown" },
      abandoned: true,
      interrupted: false,
    });
    expect(await perform(task({ run: heeding, timeoutMs: 10 }))).toMatchObject({ abandoned: false });
  });

  test("an abort from outside ends the step and says so", async () => {
    const controller = new AbortController();
    const performing = perform(task({ run: heeding }), { signal: controller.signal });
    controller.abort();
    expect(await performing).toMatchObject({ interrupted: true, outcome: { error: { code: "interrupted" } } });
    expect(await perform(task({ run: heeding }), { signal: controller.signal })).toMatchObject({ interrupted: true });
  });

  test("code that goes on after its step's end can't emit, and its signal is aborted", async () => {
    let kept: Context | undefined;
    const run = (context: Context) => {
      kept = context;
    };
    await perform(task({ run }));
    expect(kept?.signal.aborted).toBe(true);
    expect(() => kept?.emit("thing.made", { id: "late" })).toThrow(/after the step had ended/);
  });
});

describe("a call that can't be is a mistake of the caller", () => {
  test.each([
    ["an unknown step", task({}), { stepName: "lost" }, /has no step lost/],
    [
      "a transaction without a client",
      defineOperation(head).transaction("make", { run: () => {} }),
      {},
      /needs the client/,
    ],
    [
      "a compensation that there isn't",
      defineOperation(head).task("make", { effect: "none", run: () => {} }),
      { direction: "compensate" },
      /has no compensate/,
    ],
  ] as [string, PerformStep["definition"], Partial<PerformStep>, RegExp][])(
    "%s",
    async (_, definition, changes, message) => {
      await expect(perform(definition, changes)).rejects.toThrow(message);
    },
  );
});
