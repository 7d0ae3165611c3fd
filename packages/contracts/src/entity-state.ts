import { z } from "zod";
import { limits } from "./limits.ts";
import { operationSchema } from "./operation.ts";
import { entitySchema, timestampSchema } from "./primitives.ts";

export const entityStateSchema = z
  .object({
    entity: entitySchema,
    pending: z
      .int()
      .describe(
        `Operations of the entity that are known here and have not ended, counted up to ${limits.entityPendingMax}`,
      ),
    oldestPendingAt: timestampSchema.optional().describe("When the oldest of them was accepted"),
    lastOperation: operationSchema.optional().describe("The newest operation, ended or not"),
    settled: z.boolean().describe("Nothing is pending; with `after`: that operation has ended"),
  })
  .meta({ id: "EntityState", description: "Whether what was written to an entity can be read" });
export type EntityState = z.infer<typeof entityStateSchema>;
