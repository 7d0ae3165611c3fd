import { withSchemaEngine } from "./schema-engine.ts";

/**
 * Marks a failed migration as rolled back, so that it is tried again (`prisma migrate resolve --rolled-back`). Right
 * after its cause is put right: a migration is one transaction, so nothing of it is in the database.
 *
 * @throws Error when the ledger has no failed migration of that name
 */
export async function resolveMigration({ url, name }: { url: string; name: string }): Promise<void> {
  await withSchemaEngine(url, (engine) => engine.markMigrationRolledBack({ migrationName: name }));
}
