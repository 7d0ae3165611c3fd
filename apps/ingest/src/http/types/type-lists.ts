import { eventTypeSchema } from "@postback/contracts";
import type { Catalog, OperationDefinition } from "@postback/operations";
import { z } from "zod";

const jsonSchemaSchema = z.record(z.string(), z.unknown()).describe("JSON Schema 2020-12");

export const operationTypeListSchema = z.object({
  data: z.array(
    z.object({
      type: z.string(),
      revision: z.int(),
      entityType: z.string(),
      steps: z.array(
        z.object({
          name: z.string(),
          kind: z.string(),
          sync: z.literal(true).optional().describe("It is done before the answer, which is then 201"),
        }),
      ),
      events: z.array(eventTypeSchema),
      inputSchema: jsonSchemaSchema,
      example: z.unknown().optional(),
    }),
  ),
});

export const eventTypeListSchema = z.object({
  data: z.array(z.object({ type: eventTypeSchema, dataSchema: jsonSchemaSchema.optional() })),
});

/** Events that exist for every operation type (design §10). */
export const everyOperationsEvents = [
  "operation.cancelled",
  "operation.failed",
  "operation.stuck",
  "operation.succeeded",
];

const byType = <T extends { type: string }>(a: T, b: T): number => (a.type < b.type ? -1 : 1);

/** New operations are accepted under the highest revision of their type; the others only end what began under them. */
export const newestOf = (definitions: readonly OperationDefinition[]): OperationDefinition[] =>
  definitions.filter((one) => !definitions.some((other) => other.type === one.type && other.revision > one.revision));

/** What zod can't write as JSON Schema, a transformation's result and the like, is left open. */
const jsonSchemaOf = (schema: z.ZodType): Record<string, unknown> =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Record<string, unknown>;

export const operationTypeList = (
  definitions: readonly OperationDefinition[],
): z.input<typeof operationTypeListSchema> => ({
  data: newestOf(definitions)
    .map(({ type, revision, entity, steps, events, input, example }) => ({
      type,
      revision,
      entityType: entity.type,
      steps: steps.map(({ name, kind, sync }) => ({ name, kind, ...(sync === true ? { sync } : {}) })),
      events: Object.keys(events).sort(),
      inputSchema: jsonSchemaOf(input),
      ...(example === undefined ? {} : { example }),
    }))
    .sort(byType),
});

/** The types of the catalog and those that every operation has. */
export const eventTypeList = (events: Catalog["events"]): z.input<typeof eventTypeListSchema> => ({
  data: [
    ...everyOperationsEvents.map((type) => ({ type })),
    ...[...events].map(([type, { schema }]) => ({ type, dataSchema: jsonSchemaOf(schema) })),
  ].sort(byType),
});
