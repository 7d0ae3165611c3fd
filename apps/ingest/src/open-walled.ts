import { type Database, isWalled, openDatabase } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { IngestConfig } from "./config.ts";

/**
 * The database as the role of the API sees it, where it is configured.
 * @throws Error when row-level security doesn't hold for that login: a wall that isn't there must not be believed in
 */
export async function openWalled(config: IngestConfig, logger: Logger): Promise<Database | undefined> {
  if (config.DATABASE_URL_API === undefined) return undefined;
  const db = openDatabase({
    url: config.DATABASE_URL_API,
    applicationName: "postback-ingest-api",
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    walled: true,
    logger,
  });
  if (await isWalled(db)) return db;
  await db.close();
  throw new Error(
    "DATABASE_URL_API is not under row-level security: take a login that is in the role postback_api, is no superuser and owns no table (docs/tenants-and-keys.md)",
  );
}
