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
  let current: string | undefined;
  const begin = (script: string): void => {
    current = scripts.find(([, text]) => text === script)?.[0];
    if (current !== undefined) onProgress?.(current);
  };
  try {
    const { appliedMigrationNames } = await asOnlyMigrator(url, () =>
      withSchemaEngine(url, (engine) => engine.applyMigrations({ migrationsList, filters: wholeSchema }), begin),
    );
    return appliedMigrationNames;
  } catch (error) {
    throw current === undefined ? error : migrationFailure(current, error);
  }
}

/** The engine's own message ends in a trace of its source files. */
function migrationFailure(name: string, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = /Error querying the database: (.*)/.exec(text)?.[1] ?? text;
  const wayOut = `Correct its cause, run \`node scripts/migrate.ts resolve ${name}\`, and deploy again.`;
  return new Error(`Migration ${name} failed and left nothing behind: ${reason}\n${wayOut}`, { cause });
}
