import { z } from "zod";

export const scopeSchema = z.enum([
  "operations:write",
  "operations:read",
  "endpoints:write",
  "endpoints:read",
  "operator",
  "platform",
]);
export type Scope = z.infer<typeof scopeSchema>;

/** `pb_<env>_<keyid>_<secret>`: the key id is looked up, the secret is compared by its hash. */
export const apiKeyPattern = /^pb_([a-z]{2,8})_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
