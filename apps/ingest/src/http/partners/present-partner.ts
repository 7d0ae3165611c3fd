import type { Partner } from "@postback/contracts";
import type { PartnerRow } from "@postback/database";

export const presentPartner = (row: PartnerRow): Partner => ({
  id: row.id,
  name: row.name,
  grant: row.grant as Partner["grant"],
  createdAt: row.createdAt.toISOString(),
});
