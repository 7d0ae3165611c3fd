import type { Database } from "@postback/database";
import { applyMigrations } from "@postback/database/migrate";
import { applyCatalogMigrations, loadCatalogs } from "@postback/operations";

export interface PrepareDatabaseOptions {
  readonly url: string;
  /** `POSTBACK_CATALOG`; empty for none. */
  readonly catalog: string;
  /** The folder that catalogs are found from. */
  readonly from: string;
  /** Told the name of each migration: ours when it begins, a catalog's (`shop/0001_shop.sql`) when it is done. */
  readonly onMigration?: (name: string) => void;
}

/**
 * Applies our migrations, then those of each catalog. Safe to run in several processes at once, and again.
 * @param db an open pool on the same database
 * @throws when a migration fails (nothing of it remains), or a catalog can't be loaded
 */
export async function prepareDatabase(db: Database, options: PrepareDatabaseOptions): Promise<void> {
  const { url, catalog, from, onMigration } = options;
  await applyMigrations({ url, ...(onMigration && { onProgress: onMigration }) });
  const { migrations } = await loadCatalogs(catalog, { from });
  if (migrations.length === 0) return;
  const client = await db.pool.connect();
  try {
    for (const each of migrations) {
      const applied = await applyCatalogMigrations(client, each);
      for (const name of applied) onMigration?.(`${each.catalog}/${name}`);
    }
  } finally {
    client.release();
  }
}
