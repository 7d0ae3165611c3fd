import { z } from "zod";
import { limits } from "./limits.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

export const scopeSchema = z.enum([
  "operations:write",
  "operations:read",
  "endpoints:write",
  "endpoints:read",
  "operator",
  "platform",
]);
export type Scope = z.infer<typeof scopeSchema>;

const scopesSchema = z.array(scopeSchema).min(1).max(scopeSchema.options.length);
const nameSchema = z.string().min(1).max(limits.nameMaxChars).meta({ example: "Order service" });

export const createApiKeySchema = z
  .strictObject({
    name: nameSchema,
    scopes: scopesSchema.describe("None that the key of this request lacks; a partner's key can't be an operator's"),
    partner: idSchema.optional().describe("Whose it is to be: it sees what the partner's grant allows"),
    expiresAt: timestampSchema.optional(),
  })
  .meta({ id: "CreateApiKey", description: "A key to be made" });

export const updateApiKeySchema = z
  .strictObject({ name: nameSchema.optional(), expiresAt: timestampSchema.nullable().optional() })
  .meta({ id: "UpdateApiKey", description: "Changes to a key; null takes its end away" });

export const apiKeySchema = z
  .object({
    id: z.string().meta({ example: "4fZkQ0sT1xYb" }),
    name: z.string(),
    prefix: z.string().describe("What the key begins with").meta({ example: "pb_live_4fZkQ0sT1xYb" }),
    scopes: z.array(scopeSchema),
    partner: idSchema.optional(),
    createdAt: timestampSchema,
    expiresAt: timestampSchema.optional(),
    revokedAt: timestampSchema.optional(),
    lastUsedAt: timestampSchema.optional().describe("To half a minute"),
    key: z.string().optional().describe("The key itself, `pb_<env>_<id>_<secret>`: in the answer to its creation only"),
  })
  .meta({ id: "ApiKey", description: "What proves who calls" });
export type ApiKey = z.infer<typeof apiKeySchema>;
