import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const newest = statement(
  "newest_version_of_partner",
  `SELECT coalesce(max(version), 0)::text AS version FROM endpoints WHERE tenant_id = $1 AND partner_id = $2`,
);

/** The subscription version of the last change of any of a partner's endpoints; 0 where it has none. */
export async function newestVersion(db: Database, tenantId: string, partnerId: string): Promise<bigint> {
  const [row] = await run<{ version: string }>(db.pool, newest, [tenantId, partnerId]);
  return BigInt(row?.version ?? 0);
}
