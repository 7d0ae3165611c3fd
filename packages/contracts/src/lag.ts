import { z } from "zod";
import { timestampSchema } from "./primitives.ts";

const groupLagSchema = z.object({
  group: z.enum(["processor", "webhook-dispatcher"]),
  topic: z.enum(["commands", "events"]),
  at: timestampSchema.describe("When it was looked at"),
  behind: z.int().describe("Messages that the group has not taken"),
  takenPerSecond: z.number().describe("How many a second it took of late"),
  partitions: z
    .array(z.object({ partition: z.int(), behind: z.int(), takenPerSecond: z.number() }))
    .describe("All of them, by number"),
});

/** How far the consumer groups are behind with their topics, as this instance saw it last. */
export const lagSchema = z
  .object({ data: z.array(groupLagSchema) })
  .meta({ id: "Lag", description: "How far the consumer groups are behind" });
export type Lag = z.infer<typeof lagSchema>;
