import { z } from "zod";
import { limits } from "./limits.ts";
import { idSchema } from "./primitives.ts";

export const makeOperationIdsSchema = z
  .strictObject({ count: z.int().min(1).max(limits.operationIdsMax).describe("How many") })
  .meta({ id: "MakeOperationIds", description: "A request for ids to use in later writes" });
export type MakeOperationIds = z.infer<typeof makeOperationIdsSchema>;

export const operationIdsSchema = z
  .object({ ids: z.array(idSchema).describe("UUIDv7; each may be used once, within 24 hours") })
  .meta({ id: "OperationIds", description: "Ids for later writes; nothing is reserved under them" });
export type OperationIds = z.infer<typeof operationIdsSchema>;
