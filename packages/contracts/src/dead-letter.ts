import { z } from "zod";
import { deadLetterReasonSchema } from "./dead-letter-message.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

export const deadLetterStatusSchema = z.enum(["open", "redriven", "discarded"]);
export type DeadLetterStatus = z.infer<typeof deadLetterStatusSchema>;

const base64 = z.string().describe("Base64: what could not be read may hold any byte");

export const deadLetterSchema = z
  .object({
    id: z.string().meta({ example: "dlt_AAAAAgAAAAAAAAAqY29tbWFuZHM" }),
    tenantId: idSchema.optional().describe("Absent where the header could not be read: nobody knows whose it is"),
    topic: z.string().describe("Where the message was read, as Kafka names it").meta({ example: "commands" }),
    partition: z.int(),
    offset: z.int(),
    reason: deadLetterReasonSchema,
    detail: z.string().optional().describe("Shown to the tenant; to the platform only where there is no tenant"),
    status: deadLetterStatusSchema,
    createdAt: timestampSchema,
    redrivenAt: timestampSchema.optional(),
    redrivenTo: z.object({ partition: z.int(), offset: z.int() }).optional().describe("Where the new message is"),
    discardedAt: timestampSchema.optional(),
    message: z
      .object({ key: base64.optional(), header: base64.optional(), body: base64.optional() })
      .optional()
      .describe("As it was read; shown to the tenant's operator, and in the answer of one alone"),
  })
  .meta({ id: "DeadLetter", description: "A message that was given up, with its reason" });
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** Which letters are meant; all conditions hold together. */
export const deadLetterFilter = {
  reason: deadLetterReasonSchema.optional(),
  topic: z.string().min(1).max(249).optional(),
  since: timestampSchema.optional().describe("Given up at this time or later"),
  until: timestampSchema.optional().describe("Given up before this time"),
};

export const redriveDeadLettersSchema = z
  .strictObject({ ...deadLetterFilter, dryRun: z.boolean().optional().describe("Count only") })
  .meta({ id: "RedriveDeadLetters", description: "Which open letters to redrive; without a condition all of them" });
export type RedriveDeadLetters = z.infer<typeof redriveDeadLettersSchema>;

export const redrivenDeadLettersSchema = z
  .object({
    count: z.int().describe("Letters that this call redrove or, in a dry run, would have"),
    more: z.boolean().describe("More of them are open: call again"),
    dryRun: z.boolean(),
  })
  .meta({ id: "RedrivenDeadLetters", description: "What a redrive by filter did" });
export type RedrivenDeadLetters = z.infer<typeof redrivenDeadLettersSchema>;
