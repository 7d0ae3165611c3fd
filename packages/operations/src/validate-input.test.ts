import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineOperation } from "./define-operation.ts";
import { validateInput } from "./validate-input.ts";

const definition = defineOperation({
  type: "order.place",
  revision: 1,
  input: z.strictObject({
    orderId: z.string(),
    items: z.array(z.object({ sku: z.string(), quantity: z.int().min(1) })).optional(),
    "a/b~c": z.string().optional(),
    note: z.string().default("none"),
  }),
  entity: { type: "order", id: ({ orderId }) => orderId },
}).transaction("place", { run: () => {} });

const pointers = (input: unknown) => {
  const checked = validateInput(definition, input);
  return checked.ok ? [] : checked.errors.map(({ pointer }) => pointer);
};

test("gives the parsed input and the entity that it is about", () => {
  expect(validateInput(definition, { orderId: "o-1" })).toEqual({
    ok: true,
    value: { orderId: "o-1", note: "none" },
    entity: { type: "order", id: "o-1" },
  });
});

describe("names each field at fault by its JSON pointer", () => {
  test.each([
    ["a missing one", {}, ["/input/orderId"]],
    [
      "one in a list",
      {
        orderId: "o",
        items: [
          { sku: "s", quantity: 1 },
          { sku: 1, quantity: 0 },
        ],
      },
      ["/input/items/1/sku", "/input/items/1/quantity"],
    ],
    ["unknown ones, one by one", { orderId: "o", x: 1, "y/z": 2 }, ["/input/x", "/input/y~1z"]],
    ["one with characters that are escaped", { orderId: "o", "a/b~c": 1 }, ["/input/a~1b~0c"]],
    ["the whole", "text", ["/input"]],
    ["an entity id that is empty", { orderId: "" }, ["/input"]],
    ["an entity id that is too long", { orderId: "x".repeat(256) }, ["/input"]],
  ])("%s", (_, input, expected) => {
    expect(pointers(input)).toEqual(expected);
  });
});

test("an entity that is given must agree with the input", () => {
  const given = (type: string, id: string) => validateInput(definition, { orderId: "o-1" }, { entity: { type, id } });
  expect(given("order", "o-1").ok).toBe(true);
  for (const other of [given("order", "o-2"), given("sku", "o-1")]) {
    expect(other).toMatchObject({ ok: false, problem: "entity-mismatch", errors: [{ pointer: "/entity" }] });
  }
});
