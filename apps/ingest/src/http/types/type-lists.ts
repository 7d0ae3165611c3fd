import { endpointEventSchemas, eventTypeSchema } from "@postback/contracts";
import type { Unfinished } from "@postback/database";
import type { Catalog, OperationDefinition } from "@postback/operations";
import { z } from "zod";

const jsonSchemaSchema = z.record(z.string(), z.unknown()).describe("JSON Schema 2020-12");

const unfinishedSchema = z
  .int()
  .optional()
  .describe("Operations that have not ended, of the caller's tenant, with the scope platform of all; for operators");

export const operationTypeListSchema = z.object({
  data: z.array(
    z.object({
      type: z.string(),
      revision: z.int().describe("New operations are accepted under it"),
      revisions: z
        .array(z.object({ revision: z.int(), unfinished: unfinishedSchema }))
        .describe("All that are defined, the newest first; the others end what began under them"),
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
  withoutDefinition: z
    .array(z.object({ type: z.string(), revision: z.int(), unfinished: unfinishedSchema }))
    .optional()
    .describe("Revisions that operations wait for and that this process doesn't have; for operators"),
  unfinishedIsLeast: z
    .literal(true)
    .optional()
    .describe("There are too many to count: each number is the least that there are, and 0 says nothing"),
});

type OperationTypeList = z.output<typeof operationTypeListSchema>;

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

export const operationTypeList = (definitions: readonly OperationDefinition[]): OperationTypeList => ({
  data: newestOf(definitions)
    .map(({ type, revision, entity, steps, events, input, example }) => ({
      type,
      revision,
      revisions: revisionsOf(type, definitions),
      entityType: entity.type,
      steps: steps.map(({ name, kind, sync }) => ({ name, kind, ...(sync === true ? { sync } : {}) })),
      events: Object.keys(events).sort(),
      inputSchema: jsonSchemaOf(input),
      ...(example === undefined ? {} : { example }),
    }))
    .sort(byType),
});

const revisionsOf = (type: string, definitions: readonly OperationDefinition[]): { revision: number }[] =>
  definitions
    .filter((each) => each.type === type)
    .map(({ revision }) => ({ revision }))
    .sort((a, b) => b.revision - a.revision);

/** The list with what was counted. What no definition here is for is told apart: it waits for one. */
export function withUnfinished(list: OperationTypeList, { revisions, isLeast }: Unfinished): OperationTypeList {
  const counted = new Map(revisions.map(({ type, revision, operations }) => [`${type} ${revision}`, operations]));
  const take = (type: string, revision: number): number => {
    const unfinished = counted.get(`${type} ${revision}`) ?? 0;
    counted.delete(`${type} ${revision}`);
    return unfinished;
  };
  const data = list.data.map((each) => ({
    ...each,
    revisions: each.revisions.map(({ revision }) => ({ revision, unfinished: take(each.type, revision) })),
  }));
  const withoutDefinition = revisions
    .filter(({ type, revision }) => counted.has(`${type} ${revision}`))
    .map(({ type, revision, operations }) => ({ type, revision, unfinished: operations }));
  return { data, withoutDefinition, ...(isLeast ? { unfinishedIsLeast: true as const } : {}) };
}

/** The types of the catalog, those that every operation has, and those that Postback tells of endpoints. */
export const eventTypeList = (events: Catalog["events"]): z.input<typeof eventTypeListSchema> => ({
  data: [
    ...everyOperationsEvents.map((type) => ({ type })),
    ...Object.entries(endpointEventSchemas).map(([type, schema]) => ({ type, dataSchema: jsonSchemaOf(schema) })),
    ...[...events].map(([type, { schema }]) => ({ type, dataSchema: jsonSchemaOf(schema) })),
  ].sort(byType),
});
