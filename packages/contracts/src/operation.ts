import { z } from "zod";
import { entitySchema, idSchema, timestampSchema } from "./primitives.ts";

export const operationStatusSchema = z.enum([
  "accepted",
  "running",
  "waiting",
  "succeeded",
  "compensating",
  "failed",
  "cancelled",
  "stuck",
]);
export type OperationStatus = z.infer<typeof operationStatusSchema>;

export const stepStatusSchema = z.enum([
  "pending",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "compensating",
  "compensated",
  "stuck",
  "skipped",
]);
export type StepStatus = z.infer<typeof stepStatusSchema>;

export const errorSchema = z
  .object({ code: z.string(), message: z.string() })
  .meta({ id: "StepError", description: "Why a step failed" });

export const operationErrorSchema = z
  .object({
    code: z.string().meta({ example: "card-declined" }),
    message: z.string().meta({ example: "The card was declined" }),
    step: z.string().optional().meta({ example: "charge-payment" }),
    rolledBack: z.boolean().describe("True only when every step that may have had an effect was undone"),
    notUndone: z.array(z.object({ step: z.string(), why: z.string(), by: z.string().optional() })).optional(),
  })
  .meta({ id: "OperationError", description: "Why an operation ended without success, and what was undone" });
export type OperationError = z.infer<typeof operationErrorSchema>;

export const operationSchema = z
  .object({
    id: idSchema,
    type: z.string().meta({ example: "order.place" }),
    entity: entitySchema,
    status: operationStatusSchema,
    createdAt: timestampSchema,
    updatedAt: timestampSchema,
    completedAt: timestampSchema.optional(),
    step: z.string().optional().describe("The step that is being worked on"),
    steps: z.array(
      z.object({
        name: z.string(),
        status: stepStatusSchema,
        attempts: z.int(),
        error: errorSchema.optional(),
      }),
    ),
    result: z.json().optional(),
    error: operationErrorSchema.optional(),
    duplicateOf: idSchema.optional(),
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  })
  .meta({ id: "Operation", description: "One accepted write and how far it is" });
export type Operation = z.infer<typeof operationSchema>;

export const submitOperationSchema = z
  .strictObject({
    type: z.string().min(1).max(128).meta({ example: "order.place" }),
    entity: entitySchema.optional(),
    input: z.json(),
    id: idSchema.optional().describe("An id of yours: UUIDv7, made in the last 24 hours"),
  })
  .meta({ id: "SubmitOperation", description: "A write to be carried out" });
export type SubmitOperation = z.infer<typeof submitOperationSchema>;
