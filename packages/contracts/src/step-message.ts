import { z } from "zod";
import { entitySchema, idSchema } from "./primitives.ts";

/**
 * The packed header of a message on `commands.<queue>`: a step that the owner of an operation hands over. It has no body:
 * the worker reads the operation's row, which alone says whether the step is still wanted.
 */
export const stepHeaderSchema = z.object({
  v: z.literal(1),
  tenant: idSchema,
  operationId: idSchema,
  step: z.string().min(1).max(128),
  /** The operation's version that the step was handed over at. */
  version: z.int().min(0),
  entity: entitySchema,
  traceparent: z.string().max(128).optional(),
});
export type StepHeader = z.infer<typeof stepHeaderSchema>;
