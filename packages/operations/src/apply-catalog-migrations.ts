import type { ClientBase } from "pg";
import type { CatalogMigrations } from "./catalog.ts";
import { CatalogMigrationError } from "./catalog-migration-error.ts";
import { type Migration, readMigrations } from "./read-migrations.ts";

/**
 * Applies what a catalog's folder has and its ledger (`postback_migrations`, in the catalog's own schema) has not, in the
 * order of the names, each file in a transaction of its own whose search_path is the catalog's schema. Processes that start
 * at the same time wait for each other. A ledger that is ahead of the folder is fine: a newer release has been here.
 * @param client outside of any transaction; the same one until this has ended
 * @returns the names of those applied now
 * @throws {CatalogMigrationError} when a file changed after it was applied, comes before one that is applied, or fails
 */
export async function applyCatalogMigrations(
  client: ClientBase,
  catalog: CatalogMigrations,
): Promise<readonly string[]> {
  const migrations = await readMigrations(catalog.catalog, catalog.dir);
  const lock = [`postback catalog ${catalog.catalog}`];
  await client.query("select pg_advisory_lock(hashtextextended($1, 0))", lock);
  try {
    const ledger = await readLedger(client, catalog);
    const missing = migrations.filter(({ name }) => !ledger.has(name));
    checkLedger(catalog, migrations, ledger);
    for (const migration of missing) await applyMigration(client, catalog, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.query("select pg_advisory_unlock(hashtextextended($1, 0))", lock);
  }
}

async function readLedger(client: ClientBase, { schema }: CatalogMigrations): Promise<ReadonlyMap<string, string>> {
  const quoted = client.escapeIdentifier(schema);
  await client.query(`create schema if not exists ${quoted}`);
  await client.query(
    `create table if not exists ${quoted}.postback_migrations (
       name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from ${quoted}.postback_migrations`,
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function checkLedger(
  { catalog }: CatalogMigrations,
  migrations: readonly Migration[],
  ledger: ReadonlyMap<string, string>,
) {
  const last = [...ledger.keys()].sort().at(-1) ?? "";
  for (const { name, checksum } of migrations) {
    const applied = ledger.get(name);
    if (applied === undefined && name < last) {
      throw new CatalogMigrationError(catalog, name, `comes before ${last}, which is applied: give it a later number`);
    }
    if (applied !== undefined && applied !== checksum) {
      throw new CatalogMigrationError(
        catalog,
        name,
        "was changed after it had been applied: put the change into a new file",
      );
    }
  }
}

async function applyMigration(client: ClientBase, { catalog, schema }: CatalogMigrations, migration: Migration) {
  const quoted = client.escapeIdentifier(schema);
  await client.query("begin");
  try {
    await client.query(`set local search_path = ${quoted}`);
    await client.query(migration.sql);
    await client.query(`insert into ${quoted}.postback_migrations (name, checksum) values ($1, $2)`, [
      migration.name,
      migration.checksum,
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    const reason = error instanceof Error ? error.message : String(error);
    throw new CatalogMigrationError(catalog, migration.name, `failed and was rolled back: ${reason}`, { cause: error });
  }
}
