import { z } from "zod";
import { limits } from "./limits.ts";
import { operationSchema, submitOperationSchema } from "./operation.ts";
import { problemSchema } from "./problem.ts";

export const batchItemSchema = submitOperationSchema
  .extend({
    idempotencyKey: z
      .string()
      .min(1)
      .max(limits.idempotencyKeyMaxChars)
      .optional()
      .describe("What the header Idempotency-Key is to a single write"),
  })
  .meta({ id: "BatchItem", description: "One write of a batch" });
export type BatchItem = z.infer<typeof batchItemSchema>;

export const submitBatchSchema = z
  .strictObject({ operations: z.array(batchItemSchema).min(1).max(limits.batchOperationsMax) })
  .meta({ id: "SubmitBatch", description: "Writes that go together; each is taken or refused by itself" });
export type SubmitBatch = z.infer<typeof submitBatchSchema>;

export const batchResultSchema = z
  .object({
    status: z.int().describe("What a request with this write alone would have been answered with"),
    operation: operationSchema.optional().describe("Where it was taken"),
    problem: problemSchema.optional().describe("Where it was refused"),
  })
  .meta({ id: "BatchResult", description: "What came of one write of a batch" });
export type BatchResult = z.infer<typeof batchResultSchema>;

export const batchResultsSchema = z
  .object({ results: z.array(batchResultSchema).describe("One for each write, in their order") })
  .meta({ id: "BatchResults", description: "What came of a batch" });
export type BatchResults = z.infer<typeof batchResultsSchema>;
