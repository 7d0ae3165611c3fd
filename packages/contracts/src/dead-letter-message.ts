import { z } from "zod";
import { entitySchema, idSchema } from "./primitives.ts";

/** Why a message was given up: the closed list. */
export const deadLetterReasonSchema = z.enum([
  "unreadable-header",
  "unreadable-body",
  "wrong-partition",
  "id-reused",
  "rejected-by-database",
  /** A command older than idempotency keys live, and than the rows in which its end could be seen. */
  "too-old",
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

/** What the headers of commands, steps and events have in common: whose message it is, and what it is about. */
export const messageOwnerSchema = z.object({ tenant: idSchema, entity: entitySchema.optional() });
export type MessageOwner = z.infer<typeof messageOwnerSchema>;
