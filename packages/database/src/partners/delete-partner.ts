import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { newestVersion } from "./newest-version.ts";

/** A function of the database, so that there is no time in which its keys are gone and its endpoints are not. */
const takeAway = statement("delete_partner", "SELECT delete_partner($1, $2) AS deleted");

/**
 * Takes a partner away with all that is its own: its keys are revoked, its endpoints deleted.
 * @returns the subscription version from which its endpoints are told nothing; undefined when there is no such partner
 */
export async function deletePartner(db: Database, tenantId: string, id: string): Promise<bigint | undefined> {
  const [row] = await run<{ deleted: boolean }>(db.pool, takeAway, [tenantId, id]);
  return row?.deleted ? await newestVersion(db, tenantId, id) : undefined;
}
