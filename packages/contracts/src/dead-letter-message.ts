import { z } from "zod";

export const deadLetterReasonSchema = z.enum([
  "unreadable-header",
  "unreadable-body",
  "wrong-partition",
  "id-reused",
  "rejected-by-database",
]);
export type DeadLetterReason = z.infer<typeof deadLetterReasonSchema>;

/** The packed header of a message on `dead-letters`; key, body and our header of the origin go along unchanged. */
export const deadLetterHeaderSchema = z.object({
  v: z.literal(1),
  reason: deadLetterReasonSchema,
  detail: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  at: z.int(),
});
export type DeadLetterHeader = z.infer<typeof deadLetterHeaderSchema>;
