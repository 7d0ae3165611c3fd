import { drawApiKey, keptOfApiKey } from "@postback/domain";
import type { Database } from "../open-database.ts";
import { createTenant } from "../tenants/create-tenant.ts";
import { createApiKey } from "./create-api-key.ts";

/** Keys of the platform need a tenant as all do; this one has nothing else. */
export const platformTenant = { id: "0193fa11-de00-7000-8000-000000000000", name: "Platform" };

export type MadePlatformKey =
  | { kind: "made"; apiKey: string }
  /** There is one in force, so that making another has to be meant. */
  | { kind: "exists"; keyIds: readonly string[] };

/**
 * Makes a key with the scope `platform`: the first of an installation, from which tenants and their keys come.
 * @param env what the key says it is for, 2 to 8 lower-case letters
 * @param another make one although there is one
 */
export async function makePlatformKey(
  db: Database,
  { env, another }: { env: string; another: boolean },
): Promise<MadePlatformKey> {
  const now = new Date();
  const inForce = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  const found = await db.prisma.apiKey.findMany({
    where: { scopes: { has: "platform" }, ...inForce },
    select: { keyId: true },
  });
  if (found.length > 0 && !another) return { kind: "exists", keyIds: found.map(({ keyId }) => keyId) };
  await createTenant(db, platformTenant);
  const apiKey = drawApiKey(env);
  const key = { ...keptOfApiKey(apiKey), scopes: ["platform"], name: "platform" };
  await createApiKey(db, { tenantId: platformTenant.id, ...key });
  return { kind: "made", apiKey };
}
