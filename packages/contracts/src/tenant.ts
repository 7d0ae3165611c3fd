import { z } from "zod";
import { limits } from "./limits.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

const nameSchema = z.string().min(1).max(limits.nameMaxChars).meta({ example: "Acme" });

const quotaSchema = z
  .strictObject({
    requestsPerSecond: z
      .int()
      .min(1)
      .max(limits.requestsPerSecondMax)
      .describe("Of each key, in each ingest process; default RATE_LIMIT_PER_SECOND"),
  })
  .meta({ id: "Quota", description: "What a tenant may do" });

export const createTenantSchema = z
  .strictObject({ name: nameSchema, quota: quotaSchema.optional() })
  .meta({ id: "CreateTenant", description: "A tenant to be made" });

export const updateTenantSchema = z
  .strictObject({
    name: nameSchema.optional(),
    quota: quotaSchema.nullable().optional(),
    enabled: z.boolean().optional().describe("Keys of a disabled tenant are refused; nothing of it is deleted"),
  })
  .meta({ id: "UpdateTenant", description: "Changes to a tenant; null gives it the usual quota" });

export const tenantSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    quota: quotaSchema.optional(),
    enabled: z.boolean(),
    disabledAt: timestampSchema.optional(),
    createdAt: timestampSchema,
    apiKey: z
      .string()
      .optional()
      .describe("Its first key, an operator's, to be handed to it: in the answer to the creation only"),
  })
  .meta({ id: "Tenant", description: "The border of isolation: keys, partners, endpoints and all data belong to one" });
export type Tenant = z.infer<typeof tenantSchema>;
