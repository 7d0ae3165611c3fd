import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface ApiKeyUse {
  tenantId: string;
  keyId: string;
  at: Date;
}

const touch = statement(
  "touch_api_keys",
  `UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, u.at)
   FROM json_to_recordset($1) AS u ("tenantId" uuid, "keyId" text, at timestamptz)
   WHERE k.tenant_id = u."tenantId" AND k.key_id = u."keyId"`,
);

/** Notes when keys were last used, one statement for all of an interval. */
export async function touchApiKeys(db: Database, uses: readonly ApiKeyUse[]): Promise<void> {
  if (uses.length > 0) await run(db.pool, touch, [JSON.stringify(uses)]);
}
