import type { Prisma } from "../generated/client.ts";
import type { Database } from "../open-database.ts";
import { newestVersion } from "./newest-version.ts";
import type { ChangedPartner, PartnerChanges } from "./partner-row.ts";

/** Changes what is given; undefined when the tenant has no such partner. A trigger renews its endpoints' versions. */
export async function updatePartner(
  db: Database,
  tenantId: string,
  id: string,
  { grant, ...changes }: PartnerChanges,
): Promise<ChangedPartner | undefined> {
  const [partner] = await db.prisma.partner.updateManyAndReturn({
    where: { tenantId, id, deletedAt: null },
    data: { ...changes, ...(grant === undefined ? {} : { grant: grant as Prisma.InputJsonObject }) },
  });
  return partner && { partner, subscriptionVersion: await newestVersion(db, tenantId, id) };
}
