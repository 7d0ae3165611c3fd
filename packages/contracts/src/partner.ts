import { z } from "zod";
import { subscriptionPatternSchema } from "./endpoint.ts";
import { limits } from "./limits.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

export const grantSchema = z
  .strictObject({
    events: z.array(subscriptionPatternSchema).max(limits.endpointPatternsMax).describe("None: it sees nothing"),
    // Any JSON here, as with endpoints: `readFilter` names each rule that is broken.
    filter: z
      .unknown()
      .optional()
      .meta({
        type: "object",
        description: "Conditions on `data` and `entity` of these events, as filters of endpoints have them",
        example: { data: { region: "eu" } },
      }),
  })
  .meta({ id: "Grant", description: "What a partner sees, whatever it subscribes to" });

const nameSchema = z.string().min(1).max(limits.nameMaxChars).meta({ example: "Parcel carrier" });

export const createPartnerSchema = z
  .strictObject({ name: nameSchema, grant: grantSchema.optional() })
  .meta({ id: "CreatePartner", description: "A party that may register endpoints; without a grant it sees nothing" });

export const updatePartnerSchema = z
  .strictObject({ name: nameSchema.optional(), grant: grantSchema.optional() })
  .meta({ id: "UpdatePartner", description: "Changes to a partner; a grant replaces the one before as a whole" });

export const partnerSchema = z
  .object({ id: idSchema, name: z.string(), grant: grantSchema, createdAt: timestampSchema })
  .meta({ id: "Partner", description: "A party inside a tenant" });
export type Partner = z.infer<typeof partnerSchema>;
