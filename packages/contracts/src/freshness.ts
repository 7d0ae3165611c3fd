import { z } from "zod";
import { timestampSchema } from "./primitives.ts";

export const freshnessSchema = z
  .object({
    backlog: z.int().describe("Live deliveries that have not ended; at most 10,000 are counted"),
    backlogIsExact: z.boolean().describe("False: there are more"),
    oldestAcceptedAt: timestampSchema
      .optional()
      .describe("When the oldest event was accepted that the endpoint has not got; absent when it has got all"),
    oldestAgeSeconds: z.number().optional(),
  })
  .meta({ id: "Freshness", description: "How far an endpoint is behind; replays don't count" });
export type Freshness = z.infer<typeof freshnessSchema>;
