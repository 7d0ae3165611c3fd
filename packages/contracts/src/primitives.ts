import { z } from "zod";
import { limits } from "./limits.ts";

export const idSchema = z.uuid().meta({ example: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01" });
export const timestampSchema = z.iso.datetime().meta({ example: "2026-11-24T09:30:00.000Z" });

/** Dotted lower-case segments: `order.placed`, `stock.level_low`. */
export const eventTypePattern = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
export const eventTypeSchema = z
  .string()
  .max(limits.eventTypeMaxChars)
  .regex(eventTypePattern, "must be lower-case segments joined by dots, like order.placed")
  .meta({ example: "order.placed" });

export const entitySchema = z
  .strictObject({
    type: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,63}$/, "must be a lower-case word of at most 64 characters, like order")
      .meta({ example: "order" }),
    id: z.string().min(1).max(limits.entityIdMaxChars).meta({ example: "order-123" }),
  })
  .meta({ id: "Entity", description: "What a write or an event is about; its key orders the work" });

export type Entity = z.infer<typeof entitySchema>;

/** A page of a list: `nextCursor` is there when there is more. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().optional() });
