import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineOperation } from "./define-operation.ts";
import { shapeOf } from "./shape-of.ts";

const head = {
  type: "order.place",
  revision: 1,
  input: z.object({ orderId: z.string(), at: z.coerce.date() }),
  entity: { type: "order", id: ({ orderId }: { orderId: string }) => orderId },
  events: { "order.placed": z.object({ orderId: z.string(), total: z.number().default(0) }) },
};

test("outputs, inputs and events are typed by what was defined before", () => {
  defineOperation(head)
    .transaction("reserve", {
      run: ({ input, outputs }) => {
        expectTypeOf(input).toEqualTypeOf<{ orderId: string; at: Date }>();
        expectTypeOf<keyof typeof outputs>().toEqualTypeOf<never>();
        return { reserved: 2 };
      },
      compensate: ({ output }) => {
        expectTypeOf(output).toEqualTypeOf<{ reserved: number } | undefined>();
      },
    })
    .http("charge", {
      irreversible: "it is",
      run: async ({ outputs, emit }) => {
        expectTypeOf(outputs["reserve"]).toEqualTypeOf<{ reserved: number }>();
        expectTypeOf(emit).parameter(0).toEqualTypeOf<"order.placed">();
        return { paymentId: "p", captured: outputs["reserve"].reserved > 0 };
      },
    })
    .task("notify", { effect: "none", run: async () => {} })
    .result((outputs, input) => {
      expectTypeOf(outputs["charge"]).toEqualTypeOf<{ paymentId: string; captured: boolean }>();
      expectTypeOf(outputs["notify"]).toEqualTypeOf<void>();
      expectTypeOf(input.at).toEqualTypeOf<Date>();
      return outputs["charge"].paymentId;
    });
});

test("what doesn't fit is refused by the compiler", () => {
  const reserve = defineOperation(head).transaction("reserve", { effect: "none", run: () => 1 });
  // @ts-expect-error: no step of that name came before
  reserve.task("t", { effect: "none", run: ({ outputs }) => outputs["later"] });
  // @ts-expect-error: a task has no sql
  reserve.task("t", { effect: "none", run: ({ sql }) => void sql });
  // @ts-expect-error: a date is not JSON
  reserve.task("t", { effect: "none", run: () => new Date() });
  // @ts-expect-error: compensate and irreversible exclude each other
  reserve.task("t", { irreversible: "it is", run: () => 1, compensate: () => {} });
  reserve.task("t", {
    effect: "none",
    run: ({ emit }) => {
      // @ts-expect-error: the operation doesn't tell this event
      emit("order.lost", {});
      // @ts-expect-error: orderId is missing
      emit("order.placed", { total: 1 });
    },
  });
  expect(reserve.steps.map(({ name }) => name)).toEqual(["reserve"]);
});

test("a further step gives a new definition and leaves the one before as it was", () => {
  const first = defineOperation(head);
  const second = first.transaction("reserve", { run: () => 1 });
  expect(first.steps).toHaveLength(0);
  expect(second.steps.map(({ name }) => name)).toEqual(["reserve"]);
  expect(Object.isFrozen(second)).toBe(true);
});

test("the shape has what is left out from the defaults, and is made once", () => {
  const definition = defineOperation(head)
    .http("charge", { irreversible: "it is", retry: { attemptsMax: 2 }, run: () => 1 })
    .transaction("reserve", { run: () => 1, compensate: () => {} });
  const shape = shapeOf(definition);
  expect(shape).toMatchObject({
    deadlineMs: 86_400_000,
    steps: [
      {
        name: "charge",
        kind: "http",
        compensable: false,
        irreversible: "it is",
        retry: { attemptsMax: 2, firstDelayMs: 1_000 },
        compensateRetry: { attemptsMax: 12 },
      },
      { name: "reserve", kind: "transaction", compensable: true },
    ],
  });
  expect(shapeOf(definition)).toBe(shape);
});
