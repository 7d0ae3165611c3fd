import { expect, test } from "vitest";
import { clientTypes } from "./client-types.ts";
import { typeOf } from "./type-of-schema.ts";

test.each<[string, object, string]>([
  ["a text", { type: "string", format: "uuid" }, "string"],
  ["a closed list", { enum: ["a", "b"] }, '"a" | "b"'],
  ["a constant", { const: true }, "true"],
  ["a list", { type: "array", items: { enum: ["a", "b"] } }, 'readonly ("a" | "b")[]'],
  ["a map", { type: "object", additionalProperties: { type: "number" } }, "Readonly<Record<string, number>>"],
  ["any JSON", {}, "unknown"],
  ["one of several", { anyOf: [{ type: "string" }, { type: "null" }] }, "string | null"],
  ["another schema", { $ref: "#/components/schemas/A" }, "A"],
  ["a part of another", { $ref: "#/components/schemas/A/properties/b" }, 'NonNullable<A["b"]>'],
  ["two kinds", { type: ["string", "null"] }, "string | null"],
])("%s", (_, schema, type) => {
  expect(typeOf(schema as Record<string, unknown>, 0)).toBe(type);
});

test("what may be left out may also be undefined", () => {
  const schema = { type: "object", properties: { a: { type: "string" }, "b-c": { type: "integer" } }, required: ["a"] };
  expect(typeOf(schema, 0)).toBe('{\n  readonly a: string;\n  readonly "b-c"?: number | undefined;\n}');
});

test("a form that our documents don't have is an error, not a guess", () => {
  expect(() => typeOf({ type: "tuple" }, 0)).toThrow("no TypeScript type");
  expect(() => typeOf({ $ref: "#/components/schemas/A/items" }, 0)).toThrow("leads to no schema");
});

test("a call has what goes in and, of all that is a success, what comes out", () => {
  const json = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
  const text = clientTypes({
    components: { schemas: { A: { type: "string", description: "What A is" }, B: { type: "number" } } },
    paths: {
      "/v1/as/{id}": {
        post: {
          summary: "Make",
          parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
          requestBody: { content: json("A") },
          responses: { 200: { content: json("A") }, 202: { content: json("B") }, 204: {}, 422: { content: json("C") } },
        },
      },
    },
  });
  expect(text).toContain("/** What A is */\nexport type A = string;");
  expect(text).toContain(
    '"POST /v1/as/{id}": {\n    path: { "id": string };\n    body: A;\n    answer: A | B | undefined;\n  };',
  );
});
