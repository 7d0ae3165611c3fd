import { z } from "zod";
import { limits } from "./limits.ts";
import { entitySchema, idSchema } from "./primitives.ts";

/**
 * The packed header of a message on `commands`: all that is needed to admit it without its body. The body is the
 * operation's input, as JSON text.
 */
export const commandHeaderSchema = z.object({
  v: z.literal(1),
  id: idSchema,
  type: z.string().min(1).max(128),
  revision: z.int().min(1),
  tenant: idSchema,
  entity: entitySchema,
  /** sha256 over type, entity and input, hex: tells a repeated request from another one under the same key. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  key: z.string().min(1).max(limits.idempotencyKeyMaxChars).optional(),
  audience: z.array(idSchema).optional(),
  /** When ingest took it, milliseconds since 1970. */
  acceptedAt: z.int(),
  traceparent: z.string().max(128).optional(),
});
export type CommandHeader = z.infer<typeof commandHeaderSchema>;
