import { z } from "zod";
import { deliverySchema } from "./delivery.ts";
import { eventSchema } from "./event.ts";
import { operationSchema } from "./operation.ts";

export const toldEventSchema = eventSchema
  .extend({
    deliveries: z
      .array(deliverySchema)
      .describe("To whom it went, with every attempt; empty as long as nothing is recorded"),
  })
  .meta({ id: "ToldEvent", description: "An event of an operation, and who was told of it" });
export type ToldEvent = z.infer<typeof toldEventSchema>;

export const operationStorySchema = operationSchema
  .extend({
    events: z
      .array(toldEventSchema)
      .optional()
      .describe("With `include=deliveries`: what it told, in order, and to whom"),
  })
  .meta({ id: "OperationStory", description: "An operation, and on request the whole story of the write" });
export type OperationStory = z.infer<typeof operationStorySchema>;
