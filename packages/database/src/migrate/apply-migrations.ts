import { asOnlyMigrator } from "./one-migrator.ts";
import { ownMigrationsDir, readMigrations, scriptsOf } from "./read-migrations.ts";
import { wholeSchema, withSchemaEngine } from "./schema-engine.ts";

export interface MigrateOptions {
  /** `postgresql://user:password@host:port/database` */
  readonly url: string;
  /** Default: prisma/migrations of this repository. */
  readonly migrationsDir?: string;
}

export interface ApplyOptions extends MigrateOptions {
  /** Told the name of each migration when it begins. */
  readonly onProgress?: (migration: string) => void;
}

/**
 * Applies what isn't applied yet, as `prisma migrate deploy` does and with its ledger (`_prisma_migrations`), so that
 * either can follow the other. Each migration is one transaction. Safe to run in several processes at once.
 *
 * @returns the names of the migrations that this call applied
 * @throws Error when a migration fails; nothing of it remains but its failed row in the ledger, see `resolveMigration`
 */
export async function applyMigrations({
  url,
  migrationsDir = ownMigrationsDir,
  onProgress,
}: ApplyOptions): Promise<string[]> {
  const migrationsList = readMigrations(migrationsDir);
  const scripts = [...scriptsOf(migrationsList)];
  const report = (script: string): void => {
    const name = scripts.find(([, text]) => text === script)?.[0];
    if (name !== undefined) onProgress?.(name);
  };
  const { appliedMigrationNames } = await asOnlyMigrator(url, () =>
    withSchemaEngine(url, (engine) => engine.applyMigrations({ migrationsList, filters: wholeSchema }), report),
  );
  return appliedMigrationNames;
}
